"""The entries of a bundle: each event disclosed, withheld or shown as an edge, and its link
checked against the record as it goes by."""

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from hashlib import sha256
from typing import BinaryIO

from domain.record.disclosure import SEAL_BYTES
from domain.record.encoding import NO_LINK, body_hash, link
from domain.record.entry import disclosed_entry, edge_entry, withheld_entry
from infra.exports.disclosure import Sealed, disclosed, sealed_in
from infra.exports.filters import TrailFilter
from infra.exports.progress import Moved
from infra.exports.rows import envelope_of
from infra.exports.span import Span
from infra.exports.trail import Entry, Trail, TrailBroken
from infra.keys.content_keys import KeyRing, OpeningKey


class EntryWriter:
    """Writes what a span of a trail holds. `positions` are those of all entries, in order,
    `disclosed` how many of them are told; `previous_link` is that before the first."""

    def __init__(self, trail: Trail, ring: KeyRing, span: Span, wanted: TrailFilter) -> None:
        self._trail = trail
        self._ring = ring
        self._span = span
        self._wanted = wanted
        self.positions = array("Q")
        self.disclosed = 0
        self.previous_link = NO_LINK
        self._link = NO_LINK

    async def write(self, out: BinaryIO, moved: Moved) -> None:
        """All entries, in the order of the chain. Raises TrailBroken, NotReadable."""
        span = self._span
        if span.first > 1:
            self.previous_link = (await self._trail.place(span.first - 1)).link
        self._link = self.previous_link
        async with aclosing(self._trail.batches(span.first, span.last)) as batches:
            async for entries in batches:
                # In a thread: whatever else this process does goes on.
                told = await asyncio.to_thread(self._told, entries)
                sealed = {each.content[:SEAL_BYTES] for fields in told for each in fields or ()}
                keys = await self._ring.opening(sealed)
                await asyncio.to_thread(self._put, out, entries, told, keys)
                moved(len(self.positions))

    def _told(self, entries: Sequence[Entry]) -> list[list[Sealed] | None]:
        """The sealed fields of each event that is disclosed; None of one that is not."""
        return [
            sealed_in(entry.row)
            if not self._span.is_edge(entry.count) and self._wanted.picks(entry.row)
            else None
            for entry in entries
        ]

    def _put(
        self,
        out: BinaryIO,
        entries: Sequence[Entry],
        told: Sequence[list[Sealed] | None],
        keys: Mapping[bytes, OpeningKey | None],
    ) -> None:
        for entry, fields in zip(entries, told, strict=True):
            row = entry.row
            described = envelope_of(row)
            payload_hash = sha256(row.payload).digest()
            hashed = body_hash(row.workspace_id, described, payload_hash)
            self._link = link(entry.count, self._link, hashed)
            if self._link != entry.link:
                raise TrailBroken(f"position {row.position:,} does not hold what was sealed there")
            if fields is not None:
                self.disclosed += 1
                told_keys = disclosed(row, fields, keys)
                out.write(
                    disclosed_entry(row.position, entry.link, described, row.payload, told_keys)
                )
            elif self._span.is_edge(entry.count):
                out.write(edge_entry(row.position, entry.link, described, payload_hash))
            else:
                out.write(withheld_entry(row.position, entry.link, hashed))
            self.positions.append(row.position)
