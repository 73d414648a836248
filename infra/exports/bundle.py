"""Writes a bundle: one file about one workspace, which proves itself (docs/record.md)."""

import asyncio
import hashlib
import shutil
import struct
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from domain.record.bundle import MAGIC, Kind
from domain.record.manifest import Filter, Manifest
from domain.record.subset import subset_spans
from domain.record.tree import span_hash
from infra.exports.entries import EntryWriter
from infra.exports.filters import TrailFilter
from infra.exports.progress import Begin, Moved, untold
from infra.exports.snapshot import Snapshot
from infra.exports.span import span_of
from infra.exports.trail import Trail
from infra.exports.whole_file import Digested
from infra.keys.content_keys import KeyRing

_COPIED_AT_ONCE: Final = 1024 * 1024
_head: Final = struct.Struct(">BQ").pack


async def write_bundle(
    out: Digested,
    folder: Path,
    trail: Trail,
    ring: KeyRing,
    snapshot: Snapshot,
    wanted: TrailFilter,
    begin: Begin = untold,
) -> int:
    """How many events it tells. The same bytes for the same question and snapshot. What is large
    lies in unnamed files in `folder` meanwhile, never in memory.

    Raises TrailBroken, NotReadable, OSError.
    """
    span = await span_of(trail, wanted, snapshot.place.chain.count)
    entries = EntryWriter(trail, ring, span, wanted)
    with (
        tempfile.TemporaryFile(dir=folder) as written,
        tempfile.TemporaryFile(dir=folder) as proof,
    ):
        await entries.write(written, begin("Exporting", span.entries))
        manifest = Manifest(
            workspace_id=trail.workspace_id,
            log_id=snapshot.log_id,
            filter=_asked(wanted),
            first_count=span.first,
            entries=span.entries,
            disclosed=entries.disclosed,
            previous_link=entries.previous_link.hex(),
            complete_from=span.begins,
            complete_to=span.ends,
        )
        moved = begin("Proving", snapshot.size)

        def put() -> None:
            proof.writelines(_proof(snapshot, entries.positions, moved))
            _write(out, manifest, snapshot, proof, written)

        await asyncio.to_thread(put)
    return entries.disclosed


def _proof(snapshot: Snapshot, positions: "array[int]", moved: Moved) -> Iterator[bytes]:
    """The hashes of the tree beside all entries and the summing event."""
    shown = (position - 1 for position in _with(positions, snapshot.summing.row.position))
    hashes = snapshot.hashes()
    for span in subset_spans(shown, snapshot.size):
        yield span_hash(span, hashes)
        moved(span[0])


def _with(positions: Iterable[int], one: int) -> Iterator[int]:
    """In order with one more; it may be among them."""
    told = False
    for position in positions:
        if not told and one <= position:
            told = True
            if one < position:
                yield one
        yield position
    if not told:
        yield one


def _write(
    out: Digested, manifest: Manifest, snapshot: Snapshot, proof: BinaryIO, entries: BinaryIO
) -> None:
    hashing = _Hashing(out)
    hashing.write(MAGIC)
    _section(hashing, Kind.MANIFEST, manifest.encode())
    _section(hashing, Kind.CHECKPOINT, snapshot.note)
    _section(hashing, Kind.KEYS, "".join(f"{key}\n" for key in snapshot.keys).encode())
    _section(hashing, Kind.SUMMARY, snapshot.summary())
    _section_of_file(hashing, Kind.PROOF, proof)
    _section_of_file(hashing, Kind.ENTRIES, entries)
    out.content(hashing.digest())


class _Hashing:
    """Hashes what goes by."""

    def __init__(self, out: Digested) -> None:
        self._out = out
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._out.content(data)
        return len(data)

    def digest(self) -> bytes:
        return self._hash.digest()


def _asked(wanted: TrailFilter) -> Filter:
    asked = wanted.as_asked()
    return Filter(
        from_=asked.get("from"),
        to=asked.get("to"),
        stream=asked.get("stream"),
        actor=asked.get("actor"),
    )


def _section(out: _Hashing, kind: Kind, content: bytes) -> None:
    out.write(_head(kind, len(content)) + content)


def _section_of_file(out: _Hashing, kind: Kind, content: BinaryIO) -> None:
    out.write(_head(kind, content.tell()))
    content.seek(0)
    shutil.copyfileobj(content, out, _COPIED_AT_ONCE)
