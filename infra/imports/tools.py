"""What an import needs beside commands, out of the event store."""

from collections.abc import Collection
from typing import Final

from commands.imports.importer import Tools
from infra.event_store.store import PostgresEventStore
from infra.ids import derived_id
from infra.keys.content_keys import content_key, identity_key

_KEYS_AT_ONCE: Final = 1_000


def import_tools(store: PostgresEventStore, secret: bytes) -> Tools:
    """`secret` is for imports alone, and the same for the whole life of the log."""

    async def prepare(workspace_id: str, people: Collection[str]) -> None:
        names = [content_key(workspace_id, person) for person in people]
        names += [identity_key(person) for person in people]
        for first in range(0, len(names), _KEYS_AT_ONCE):
            await store.ring.obtain(names[first : first + _KEYS_AT_ONCE])

    def derive(kind: str, *parts: str) -> str:
        return derived_id(kind, secret, *parts)

    return Tools(store.existing, derive, secret, prepare)
