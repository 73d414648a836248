"""Writes a trail as lines of JSON: what each event says, and what proves it (docs/record.md)."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

import msgspec

from domain.record import times
from domain.record.disclosure import SEAL_BYTES
from domain.record.encoding import NO_LINK
from domain.record.tree import HashSource, inclusion_proof
from infra.exports.disclosure import Opened, Sealed, disclosed, opened, sealed_in
from infra.exports.filters import TrailFilter
from infra.exports.progress import Begin, untold
from infra.exports.snapshot import Snapshot
from infra.exports.span import span_of
from infra.exports.trail import Entry, Trail
from infra.exports.whole_file import Digested
from infra.keys.content_keys import KeyRing, OpeningKey

_FORMAT: Final = "taskledger jsonl 1"
_encode = msgspec.json.Encoder().encode


async def write_jsonl(
    out: Digested,
    trail: Trail,
    ring: KeyRing,
    snapshot: Snapshot,
    wanted: TrailFilter,
    begin: Begin = untold,
) -> int:
    """One line for each event that is asked for, in the order of the chain, after one about all.

    As `infra.exports.bundle.write_bundle`.
    """
    span = await span_of(trail, wanted, snapshot.place.chain.count)
    lines = _Lines(trail.workspace_id, snapshot, wanted)
    previous = NO_LINK
    if span.begins > 1 and span.ends >= span.begins:
        previous = (await trail.place(span.begins - 1)).link
    moved = begin("Exporting", span.ends - span.begins + 1)
    lines.put(out, lines.about())
    async with aclosing(trail.batches(span.begins, span.ends)) as batches:
        async for entries in batches:
            told = await asyncio.to_thread(_told, entries, wanted)
            sealed = {each.content[:SEAL_BYTES] for fields in told for each in fields or ()}
            keys = await ring.opening(sealed)
            await asyncio.to_thread(lines.put_all, out, entries, previous, told, keys)
            previous = entries[-1].link
            moved(entries[-1].count - span.begins + 1)
    return lines.events


def _told(entries: Sequence[Entry], wanted: TrailFilter) -> list[list[Sealed] | None]:
    return [sealed_in(entry.row) if wanted.picks(entry.row) else None for entry in entries]


class _Lines:
    def __init__(self, workspace_id: str, snapshot: Snapshot, wanted: TrailFilter) -> None:
        self._workspace_id = workspace_id
        self._snapshot = snapshot
        self._wanted = wanted
        self._hashes: HashSource = snapshot.hashes()
        self.events = 0

    def about(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "workspace_id": self._workspace_id,
            "log_id": self._snapshot.log_id,
            "filter": self._wanted.as_asked(),
            "checkpoint": self._snapshot.note.decode(),
            "keys": list(self._snapshot.keys),
        }

    def put(self, out: Digested, document: Mapping[str, Any]) -> None:
        out.content(_encode(document) + b"\n")

    def put_all(
        self,
        out: Digested,
        entries: Sequence[Entry],
        previous: bytes,
        told: Sequence[list[Sealed] | None],
        keys: Mapping[bytes, OpeningKey | None],
    ) -> None:
        for entry, fields in zip(entries, told, strict=True):
            if fields is not None:
                self.put(out, self._line(entry, previous, disclosed(entry.row, fields, keys)))
                self.events += 1
            previous = entry.link

    def _line(
        self, entry: Entry, previous: bytes, field_keys: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        row = entry.row
        said: Opened = opened(row, dict(field_keys))
        proof = inclusion_proof(row.position - 1, self._snapshot.size, self._hashes)
        return {
            "position": row.position,
            "count": entry.count,
            "stream": row.stream,
            "version": row.version,
            "type": row.type,
            "recorded_at": times.written(row.recorded_at),
            "number": row.number,
            "data": said.data,
            "metadata": said.metadata,
            "erased": said.erased,
            "previous_link": previous.hex(),
            "link": entry.link.hex(),
            "stored": {
                "payload": _text(row.payload),
                "metadata": _text(row.metadata),
                "keys": {field: _text(key) for field, key in field_keys},
            },
            "proof": [_text(each) for each in proof],
        }


def _text(data: bytes) -> str:
    return b64encode(data).decode()
