"""Rows of the log as the domain knows them: unsealed, upcast, with all that stands beside them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import structlog

from domain.record.disclosure import SEAL_BYTES, SealBroken, place
from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from infra.event_store.codec import ALL_READ, Codec, Fields, Keys, Unreadable
from infra.event_store.metadata import Metadata, Said, decode_metadata
from infra.event_store.rows import StoredRow, moment
from infra.keys.content_keys import OpeningKey

_log = structlog.get_logger(__name__)


class Ring(Protocol):
    """Whoever has the keys: as far as they are `at_hand` by their ids, else asked for what they
    shall open."""

    @property
    def at_hand(self) -> Keys: ...

    async def opening(self, sealed: Collection[bytes]) -> Mapping[bytes, OpeningKey | None]: ...


class RowDecoder:
    def __init__(self, codec: Codec, ring: Ring) -> None:
        self._codec = codec
        self._ring = ring

    async def decode(
        self,
        rows: Sequence[StoredRow],
        *,
        addresses: Said | None = None,
        opens: Collection[str] | None = None,
        unread: Fields = ALL_READ,
    ) -> list[Recorded]:
        """One entry a row. A type that this code does not know has the event None. `addresses`:
        how each one from where a command came is told; without it `Origin.ip` is None, and nobody's
        is opened. `opens`: of other workspaces the envelopes alone are read. `unread`: sealed
        fields that are not opened, since nobody looks at them.

        Waits only for keys that this process has not used yet. Raises Unreadable or SealBroken
        for a row that does not hold what was once written; decode such rows one by one to learn
        which it is.
        """
        shapes = [
            self._codec.parse(row) if opens is None or row.workspace_id in opens else None
            for row in rows
        ]
        metadatas = [decode_metadata(row.metadata) for row in rows]
        if addresses is None:
            metadatas = [metadata.without_address() for metadata in metadatas]
        try:
            return self._all(rows, shapes, metadatas, self._ring.at_hand, addresses, unread)
        except KeyError:  # a key that has not been used yet
            keys = await self._ring.opening(self._sealed(rows, shapes, metadatas))
            return self._all(rows, shapes, metadatas, keys, addresses, unread)

    async def decode_legible(
        self, rows: Sequence[StoredRow], *, addresses: Said | None = None
    ) -> list[tuple[StoredRow, Recorded | None]]:
        """Each row with what `decode` gives for it, None where it cannot be read."""
        try:
            recorded = await self.decode(rows, addresses=addresses)
        except (Unreadable, SealBroken) as error:
            if len(rows) == 1:
                _log.error("event_unreadable", position=rows[0].position, error=str(error))
                return [(rows[0], None)]
            found: list[tuple[StoredRow, Recorded | None]] = []
            for row in rows:
                found += await self.decode_legible([row], addresses=addresses)
            return found
        return list(zip(rows, recorded, strict=True))

    async def decode_envelope(self, row: StoredRow, *, addresses: Said | None = None) -> Recorded:
        """A row whose payload cannot be read, as far as its envelope goes: the event is None, as is
        an address that cannot be opened. Raises Unreadable."""
        metadata = decode_metadata(row.metadata).without_reason()
        if addresses is None:
            metadata = metadata.without_address()
        keys = await self._ring.opening(metadata.sealed())
        try:
            return self._recorded(row, None, metadata, keys, addresses)
        except SealBroken:
            return self._recorded(row, None, metadata.without_address(), keys, None)

    def _sealed(
        self, rows: Sequence[StoredRow], shapes: Sequence[Any], metadatas: Sequence[Metadata]
    ) -> set[bytes]:
        found: set[bytes] = set()
        for row, shape, metadata in zip(rows, shapes, metadatas, strict=True):
            found.update(each[:SEAL_BYTES] for each in self._codec.sealed(row, shape))
            found.update(each[:SEAL_BYTES] for each in metadata.sealed())
        return found

    def _all(
        self,
        rows: Sequence[StoredRow],
        shapes: Sequence[Any],
        metadatas: Sequence[Metadata],
        keys: Keys,
        addresses: Said | None,
        unread: Fields,
    ) -> list[Recorded]:
        recorded = []
        # The events of a command stand side by side and have one origin, which is opened once.
        known: Recorded | None = None
        before = (b"", "")
        for row, shape, metadata in zip(rows, shapes, metadatas, strict=True):
            command = (metadata.command, row.workspace_id)
            origin = known.origin if known is not None and command == before else None
            known = self._recorded(row, shape, metadata, keys, addresses, origin, unread)
            before = command
            recorded.append(known)
        return recorded

    def _recorded(
        self,
        row: StoredRow,
        shape: Any,
        metadata: Metadata,
        keys: Keys,
        addresses: Said | None,
        origin: Origin | None = None,
        unread: Fields = ALL_READ,
    ) -> Recorded:
        if origin is None:
            sealed = metadata.ip is not None or metadata.reason is not None
            where = place(row.workspace_id, row.stream, row.version, row.type) if sealed else b""
            origin = metadata.origin(where, keys, addresses)
        stamp = Stamp(
            row.workspace_id,
            row.stream,
            row.version,
            metadata.actor,
            moment(row.recorded_at),
            row.position,
            metadata.occurred_at,
            row.number,
            metadata.author,
            metadata.authors,
        )
        return Recorded(
            None if shape is None else self._codec.build(row, shape, keys, unread),
            row.type,
            stamp,
            metadata.command.hex(),
            origin,
        )
