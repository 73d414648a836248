"""In which forms a trail leaves the product: one table for every door."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.exports.bundle import write_bundle
from infra.exports.filters import TrailFilter
from infra.exports.jsonl import write_jsonl
from infra.exports.progress import Begin
from infra.exports.snapshot import Snapshot
from infra.exports.trail import Trail
from infra.exports.whole_file import Digested
from infra.keys.content_keys import KeyRing

Write = Callable[[Digested, Path, Trail, KeyRing, Snapshot, TrailFilter, Begin], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Format:
    """`write` puts the whole content into a file, and returns how many events it tells; beside
    it, in a folder, it may have other files meanwhile. `suffix` and `media` say what it is."""

    write: Write
    suffix: str
    media: str


FORMATS: Final[Mapping[str, Format]] = {
    "bundle": Format(write_bundle, "bundle", "application/octet-stream"),
    "jsonl": Format(write_jsonl, "jsonl", "application/jsonl"),
}
