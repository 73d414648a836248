"""Whose the keys of single fields are that a bundle discloses, and a place for each of them."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from domain.custody.events import ErasureAsked
from domain.record.disclosure import (
    METADATA,
    commitment,
    commitment_of,
    key_id_of,
    place,
    sealed_fields,
)
from infra.event_store.codec import Codec
from infra.event_store.metadata import IP, Metadata, decode_metadata
from infra.event_store.sealing import field_key
from infra.imports.bundle_file import BundledEvent, NotImportable
from infra.keys.content_keys import (
    KeyName,
    OpeningKey,
    SealingKey,
    content_key,
    identity_key,
)
from infra.keys.field_keys import FieldKeys
from infra.keys.master import MasterKeys, Wrapped, new_key
from infra.postgres.pool import Connection

# Told by all three where somebody restored a backup, and imports what came after it.
_KNOWN: Final = """
SELECT 'made', key_id, kind, workspace_id, owner, master_id, wrapped FROM keys.sealing_keys
WHERE key_id = ANY (%(ids)s)
UNION ALL
SELECT 'imported', key_id, kind, workspace_id, owner, master_id, wrapped FROM keys.imported_keys
WHERE key_id = ANY (%(ids)s)
UNION ALL
SELECT 'destroyed', key_id, kind, workspace_id, owner, '', '' FROM keys.destroyed
WHERE key_id = ANY (%(ids)s)
"""
_ADD_KEY: Final = """
INSERT INTO keys.imported_keys (key_id, kind, workspace_id, owner, master_id, wrapped)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_ADD_FIELDS: Final = """
INSERT INTO keys.field_keys (key_id, commitment, wrapped)
SELECT * FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) ON CONFLICT DO NOTHING
"""


class _Found(dict[bytes, OpeningKey | None]):
    """None of whatever is not there."""

    def __missing__(self, key_id: bytes) -> None:
        return None


class BundleKeys:
    """Opens a bundle's events as the ring of keys will, and writes what that takes. `connection`
    is in the import's transaction; keys that were `destroyed` here stay so."""

    def __init__(
        self,
        connection: Connection,
        codec: Codec,
        master: MasterKeys,
        destroyed: Collection[uuid.UUID],
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._master = master
        self._names: dict[bytes, KeyName] = {}
        self._keys = _Found({key_id.bytes: None for key_id in destroyed})
        self.fields = 0

    @property
    def at_hand(self) -> Mapping[bytes, OpeningKey | None]:
        """None: every event is asked for."""
        return {}

    async def opening(self, sealed: Collection[bytes]) -> Mapping[bytes, OpeningKey | None]:
        """What `take` has taken; whatever else is sealed stays closed."""
        for each in sealed:
            key = self._keys[key_id_of(each)]
            if isinstance(key, FieldKeys) and key.unknown((commitment_of(each),)):
                key.learn((commitment_of(each),), {})
        return self._keys

    async def take(self, events: Collection[BundledEvent]) -> None:
        """The keys of these events' fields, until the next are taken. Raises NotImportable."""
        told = [each for event in events for each in self._told(event)]
        for key_id, name, *_ in told:
            if self._names.setdefault(key_id, name) != name:
                raise NotImportable("A key in it seals what two people wrote: it was not made so.")
        await self._make_room_for({key_id for key_id, *_ in told} - self._keys.keys())
        ids, commitments, wrapped = [], [], []
        for key_id, _, where, secret in told:
            key = self._keys[key_id]
            if isinstance(key, FieldKeys):
                made = commitment(secret)
                ids.append(uuid.UUID(bytes=key_id))
                commitments.append(made)
                wrapped.append(key.wrap(made, secret))
                key.learn((made,), {made: wrapped[-1]})
                self.fields += 1
            elif key is not None and field_key(key, where) != secret:
                raise NotImportable("A key in it says to be one that this installation has made.")
        if ids:
            await self._connection.execute(_ADD_FIELDS, (ids, commitments, wrapped))

    def _told(self, event: BundledEvent) -> Iterator[tuple[bytes, KeyName, bytes, bytes]]:
        """Of each disclosed field the id of the key that it came from, whose that is, where the
        field stands, and its own key."""
        if not event.field_keys:
            return
        row = event.row
        metadata = decode_metadata(row.metadata)
        sealed = sealed_fields(row.payload, row.metadata)
        where = place(row.workspace_id, row.stream, row.version, row.type)
        for field, secret in event.field_keys.items():
            name = self._name(event, metadata, field)
            yield key_id_of(sealed[field]), name, where + field.encode(), secret

    def _name(self, event: BundledEvent, metadata: Metadata, field: str) -> KeyName:
        """As the encoder of commits chooses keys."""
        row, actor = event.row, metadata.actor
        if field == IP:
            return identity_key(actor)
        if field.startswith(METADATA):
            return content_key(row.workspace_id, actor)
        author = metadata.author or actor
        by = (metadata.authors or {}).get(field)
        if self._codec.is_identity(row.type, field):
            subject = author
            if self._codec.event_of(row.type) is ErasureAsked:
                subject = self._codec.parse(row).user_id
            return identity_key(by or subject)
        return content_key(row.workspace_id, by or author)

    async def _make_room_for(self, new: set[bytes]) -> None:
        if not new:
            return
        ids = [uuid.UUID(bytes=key_id) for key_id in new]
        cursor = await self._connection.execute(_KNOWN, {"ids": ids})
        for state, key_id, kind, workspace_id, owner, master_id, wrapped in await cursor.fetchall():
            name = KeyName(kind, workspace_id, owner)
            if name != self._names[key_id.bytes]:
                raise NotImportable("A key in it says to be somebody else's whom this log knows.")
            if state == "destroyed":
                self._keys[key_id.bytes] = None
                continue
            secret = self._master.unwrap(Wrapped(master_id, bytes(wrapped)), name.context)
            made_here = state == "made"
            self._keys[key_id.bytes] = (
                SealingKey(key_id.bytes, secret) if made_here else FieldKeys(key_id.bytes, secret)
            )
        for key_id in new - self._keys.keys():
            name, secret = self._names[key_id], new_key()
            put = self._master.wrap(secret, name.context)
            await self._connection.execute(
                _ADD_KEY, (uuid.UUID(bytes=key_id), *name, put.master_id, put.data)
            )
            self._keys[key_id] = FieldKeys(key_id, secret)
