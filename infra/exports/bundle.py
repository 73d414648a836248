"""Writes a bundle: one file about one workspace, which proves itself (docs/record.md)."""

import asyncio
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from domain.record.bundle import BundleWriter, Kind
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
    writer = BundleWriter(out.content)
    keys = "".join(f"{key}\n" for key in snapshot.keys).encode()
    for kind, content in (
        (Kind.MANIFEST, manifest.encode()),
        (Kind.CHECKPOINT, snapshot.note),
        (Kind.KEYS, keys),
        (Kind.SUMMARY, snapshot.summary()),
    ):
        writer.section(kind, len(content), (content,))
    for kind, file in ((Kind.PROOF, proof), (Kind.ENTRIES, entries)):
        size = file.tell()
        file.seek(0)
        writer.section(kind, size, iter(partial(file.read, _COPIED_AT_ONCE), b""))
    writer.finish()


def _asked(wanted: TrailFilter) -> Filter:
    asked = wanted.as_asked()
    return Filter(
        from_=asked.get("from"),
        to=asked.get("to"),
        stream=asked.get("stream"),
        actor=asked.get("actor"),
    )
