"""Whether the tables of keys are as the log says: what is sealed opens, or was erased; who signs
was recorded."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Final, LiteralString

import msgspec

from domain.ledger.events import SigningKeyChanged
from domain.record.disclosure import (
    SEAL_BYTES,
    NotReadable,
    SealBroken,
    key_id_of,
    place,
    sealed_fields,
)
from domain.record.note_keys import parse_vkey
from infra.event_store.rows import StoredRow
from infra.event_store.sealing import unseal
from infra.keys.content_keys import KeyRing, OpeningKey
from infra.keys.master import KeyUnusable
from infra.postgres.pool import Connection
from infra.record.key_book import KeyBook
from infra.record.refusal import Tampered, WillNotSign

_ERASED: Final = "ErasureCarriedOut.v1"
_CHANGED: Final = "SigningKeyChanged.v1"
_IMPORTED: Final = "WorkspaceImported.v1"
# Of snapshots nothing is told: they are a cache, and their keys go with those of people.
_DESTROYED: Final = "SELECT key_id FROM keys.destroyed WHERE kind <> 'snapshot'"
_BACK: Final = "SELECT key_id FROM keys.every_key WHERE key_id = ANY (%s)"

_Sealed = Sequence[tuple[StoredRow, Mapping[str, bytes]]]


class _Erased(msgspec.Struct):
    key_ids: tuple[uuid.UUID, ...]


_erased = msgspec.msgpack.Decoder(_Erased).decode
_changed = msgspec.msgpack.Decoder(SigningKeyChanged).decode


class OwnKeys:
    """Takes the whole log in its order, and then compares what it says of keys with the tables.
    What is remembered is one event for each key that is gone, and for each that came to sign."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._gone: dict[bytes, StoredRow] = {}
        self._erased: dict[bytes, StoredRow] = {}
        self._imported: dict[str, int] = {}
        self._changed: list[tuple[int, SigningKeyChanged]] = []

    async def take(self, rows: Sequence[StoredRow]) -> None:
        """The next events. Raises Tampered for the first of which a text does not open by its key,
        and what PostgreSQL raises."""
        sealed = [(row, fields) for row in rows if (fields := _sealed(row))]
        keys = await self._keys(sealed)
        for row, fields in sealed:
            where = place(row.workspace_id, row.stream, row.version, row.type)
            for field, content in fields.items():
                key = keys.get(key_id_of(content))
                if key is None:
                    self._gone.setdefault(key_id_of(content), row)
                    continue
                try:
                    unseal(key, where + field.encode(), content)
                except SealBroken as error:
                    raise Tampered(row.position, f"{field}: {error}") from error
        for row in rows:
            if row.type == _ERASED:
                told = _erased(row.payload).key_ids
                self._erased.update((key_id.bytes, row) for key_id in told)
            elif row.type == _CHANGED:
                self._changed.append((row.position, _changed(row.payload)))
            elif row.type == _IMPORTED:
                self._imported[row.workspace_id] = row.position

    def _came(self, row: StoredRow) -> bool:
        """From another log: which keys came along nobody can tell, and what it says of erasures
        happened there."""
        return row.position < self._imported.get(row.workspace_id, 0)

    async def _keys(self, sealed: _Sealed) -> Mapping[bytes, OpeningKey | None]:
        wanted = {each[:SEAL_BYTES] for _, fields in sealed for each in fields.values()}
        try:
            return await self._ring.opening(wanted)
        except KeyUnusable:
            for row, fields in sealed:
                try:
                    await self._ring.load({key_id_of(each) for each in fields.values()})
                except KeyUnusable as error:
                    raise Tampered(row.position, f"of the key that seals it: {error}") from error
            raise

    async def compare(self, connection: Connection, known: Collection[uuid.UUID]) -> None:
        """With the tables of keys, once the log was taken. `known`: the destroyed keys that are
        written down outside the database. Raises Tampered for the first event whose key is gone
        though nobody erased it, or that destroyed one which is back; WillNotSign for one that
        counts as destroyed though it never was."""
        explained = {each.bytes for each in known}.union(self._erased)
        wrong = {
            row.position: "what it says is sealed by a key that is gone, and no erasure took it"
            for key_id, row in self._gone.items()
            if key_id not in explained and not self._came(row)
        }
        destroyed = await _ids(connection, _DESTROYED)
        back = await _ids(connection, _BACK, [uuid.UUID(bytes=each) for each in self._erased])
        for key_id, row in self._erased.items():
            if self._came(row):
                continue
            if key_id in back:
                wrong[row.position] = "a key that it destroyed is there again"
            elif key_id not in destroyed:
                wrong[row.position] = "a key that it destroyed is not among the destroyed ones"
        if wrong:
            raise Tampered(min(wrong), wrong[min(wrong)])
        for key_id in sorted(destroyed - explained):
            raise WillNotSign(
                f"the key {uuid.UUID(bytes=key_id)} counts as destroyed, and no erasure took it"
            )

    def compare_signers(self, book: KeyBook, origin: str) -> None:
        """With the keys that are published. Raises Tampered for an event that tells of a key which
        is not among them, WillNotSign for one that follows another and no event tells of it."""
        told = {event.now for _, event in self._changed}
        for position, event in self._changed:
            if parse_vkey(event.now).name == origin and event.now not in book.vkeys:
                raise Tampered(position, "the key that it tells of is not among the published ones")
        for vkey in book.followers(origin):
            if vkey not in told:
                raise WillNotSign(f"no event tells of the published key {vkey}")


async def _ids(connection: Connection, query: LiteralString, *values: object) -> set[bytes]:
    cursor = await connection.execute(query, values)
    return {key_id.bytes for (key_id,) in await cursor.fetchall()}


def _sealed(row: StoredRow) -> dict[str, bytes]:
    """None of an event that cannot be read: which one that is, the views tell."""
    try:
        return sealed_fields(row.payload, row.metadata)
    except NotReadable:
        return {}
