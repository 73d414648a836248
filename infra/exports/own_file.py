"""All that is kept of one person, as one readable file: for them alone (GDPR, articles 15 and 20).

What follows is found in the log itself, by the person's id and by the keys that seal their words,
so that no view can have left anything out.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from typing import Any, Final, LiteralString

import msgspec

from domain.errors import Kind, Refused
from domain.record.disclosure import (
    SEAL_BYTES,
    NotReadable,
    SealBroken,
    key_id_of,
    place,
    sealed_fields,
)
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text import Erased, readable
from infra.erasure.places import Places
from infra.event_store.codec import Codec, Keys, Unreadable
from infra.event_store.metadata import decode_metadata
from infra.event_store.rows import COLUMNS, StoredRow, moment
from infra.event_store.store import PostgresEventStore
from infra.feed.shown import fields_of
from infra.keys.content_keys import OpeningKey
from infra.postgres.pool import Pool
from infra.postgres.scoped import fetch_scoped

# Reading the whole log takes seconds of a core: so many people at once in a process.
MOST_AT_ONCE: Final = 2

_WINDOW: Final = 5_000
_ROWS: Final = 200

_OWN_KEYS: LiteralString = (
    "SELECT key_id FROM keys.every_key WHERE owner = ANY (%s) AND kind IN ('content', 'identity')"
)
_OF_PERSON: LiteralString = (
    f"SELECT {COLUMNS} FROM log.events"
    """
WHERE position > %s AND position <= %s AND workspace_id = ANY (%s::text[]) AND (
    position(%s::bytea IN metadata) > 0 OR position(%s::bytea IN payload) > 0 OR stream = %s
    OR EXISTS (SELECT FROM unnest(%s::bytea[]) AS k (id)
        WHERE position(k.id IN payload) > 0 OR position(k.id IN metadata) > 0))
ORDER BY position LIMIT %s
"""
)

_encode = msgspec.json.Encoder().encode


class OwnEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`data`: what it says, and `reason`: why it was done, without what another person wrote or is
    (`withheld`). `address`: from where the person did it."""

    position: int
    workspace_id: str
    stream: str
    version: int
    type: str
    actor_id: str
    recorded_at: Any
    occurred_at: Any = None
    address: str | None = None
    reason: str | None = None
    data: dict[str, Any] | None = None
    withheld: tuple[str, ...] = ()


class OwnFiles:
    """Writes them piece by piece: what is in memory at once does not grow with the file."""

    def __init__(self, pool: Pool, store: PostgresEventStore) -> None:
        self._pool = pool
        self._store = store
        self._codec = Codec()
        self._busy = 0

    async def of(self, user_id: str, about: bytes, places: Places) -> AsyncIterator[bytes]:
        """`about`: the person and their settings, as a JSON object; the events follow it.
        `places`: where they are or were. Raises Refused(OVERLOADED) before the first piece."""
        if self._busy >= MOST_AT_ONCE:
            raise Refused(Kind.OVERLOADED, "Others are being served; try again in a minute.")
        self._busy += 1
        try:
            key_ids = await self._keys((user_id, *places.invitations))
            head = await self._store.head()
        except BaseException:
            self._busy -= 1
            raise
        workspaces = (SYSTEM_WORKSPACE, *places.workspaces)
        return self._pieces(user_id, about, workspaces, key_ids, head)

    async def _pieces(
        self,
        user_id: str,
        about: bytes,
        places: Sequence[str],
        key_ids: Collection[bytes],
        head: int,
    ) -> AsyncIterator[bytes]:
        try:
            yield b'{"about":%b,"position":%d,"events":[' % (about, head)
            after, comma = 0, b""
            while after < head:
                upto = min(after + _WINDOW, head)
                rows = await self._rows(user_id, after, upto, places, list(key_ids))
                if rows:
                    keys = await self._store.ring.opening(_sealed(rows, key_ids))
                    yield comma + b",\n".join(_encode(self._event(row, keys)) for row in rows)
                    comma = b",\n"
                after = rows[-1].position if len(rows) == _ROWS else upto
                await asyncio.sleep(0)
            yield b"]}\n"
        finally:
            self._busy -= 1

    async def _rows(
        self, user_id: str, after: int, upto: int, places: Sequence[str], key_ids: Sequence[bytes]
    ) -> list[StoredRow]:
        named = user_id.encode()
        async with self._pool.connection() as connection:
            rows = await fetch_scoped(
                connection,
                places,
                _OF_PERSON,
                (after, upto, list(places), named, named, user_id, list(key_ids), _ROWS),
            )
        return [StoredRow(*row) for row in rows]

    async def _keys(self, owners: Sequence[str]) -> set[bytes]:
        """Ids of the keys that are theirs."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_OWN_KEYS, (list(owners),))
            return {key_id.bytes for (key_id,) in await cursor.fetchall()}

    def _event(self, row: StoredRow, own: Keys) -> OwnEvent:
        keys: defaultdict[bytes, OpeningKey | None] = defaultdict(lambda: None, own)
        metadata = decode_metadata(row.metadata)
        where = place(row.workspace_id, row.stream, row.version, row.type)
        try:
            event = self._codec.build(row, self._codec.parse(row), keys)
            origin = metadata.origin(where, keys)
        except (Unreadable, SealBroken):
            event, origin = None, None
        values, withheld = ({}, ()) if event is None else fields_of(event)
        reason = None if origin is None else origin.reason
        if isinstance(reason, Erased):
            withheld = (*withheld, "reason")
        return OwnEvent(
            position=row.position,
            workspace_id=row.workspace_id,
            stream=row.stream,
            version=row.version,
            type=row.type,
            actor_id=metadata.actor,
            recorded_at=moment(row.recorded_at),
            occurred_at=metadata.occurred_at,
            address=origin.ip if origin is not None and isinstance(origin.ip, str) else None,
            reason=readable(reason),
            data=None if event is None else values,
            withheld=withheld,
        )


def _sealed(rows: Sequence[StoredRow], key_ids: Collection[bytes]) -> set[bytes]:
    """What these keys have sealed in these events, as far as it can be told."""
    found: set[bytes] = set()
    for row in rows:
        with suppress(NotReadable):
            fields = sealed_fields(row.payload, row.metadata).values()
            found.update(each[:SEAL_BYTES] for each in fields if key_id_of(each) in key_ids)
    return found
