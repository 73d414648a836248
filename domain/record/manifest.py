"""What a bundle says about itself: canonical JSON (RFC 8785) of known fields."""

import json
from dataclasses import dataclass

import msgspec

from domain.record import times
from domain.record.disclosure import actor_of
from domain.record.entry import Envelope
from domain.record.window import MOST_NAME

FORMAT = 1
MOST_IN_JSON = 2**53 - 1
"""Of any number: RFC 8785 writes numbers as those of JavaScript, which are exact up to here."""


class ManifestBroken(ValueError):
    """The bytes are no manifest."""


class Filter(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"from_": "from"},
):
    """What was asked for. Times are texts as `times` writes them; None asks for nothing."""

    from_: str | None = None
    to: str | None = None
    stream: str | None = None
    actor: str | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See "A bundle" in docs/record.md. `previous_link` is in hex."""

    format: int = FORMAT
    workspace_id: str
    log_id: str
    filter: Filter
    first_count: int
    entries: int
    disclosed: int
    previous_link: str
    complete_from: int
    complete_to: int

    @property
    def last_count(self) -> int:
        return self.first_count + self.entries - 1

    def encode(self) -> bytes:
        # What RFC 8785 asks of names in ASCII, texts and integers, `json` does too.
        plain = msgspec.to_builtins(self)
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


_decode = msgspec.json.Decoder(Manifest).decode


def parse_manifest(content: bytes) -> Manifest:
    """Raises ManifestBroken for anything but what `Manifest.encode` gives."""
    try:
        manifest = _decode(content)
        canonical = manifest.encode()
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ManifestBroken(f"the manifest cannot be read: {error}") from error
    if canonical != content:
        raise ManifestBroken("the manifest is not canonical JSON")
    if manifest.format != FORMAT:
        raise ManifestBroken(f"format {manifest.format} is not known here")
    if not manifest.entries > 0 <= manifest.disclosed <= manifest.entries:
        raise ManifestBroken("no such numbers of entries can be")
    first = manifest.complete_from - (manifest.complete_from > 1)
    if first < 1 or first != manifest.first_count:
        raise ManifestBroken("it does not begin at the event before what is complete")
    if not manifest.last_count - 1 <= manifest.complete_to <= manifest.last_count:
        raise ManifestBroken("it does not end at the event after what is complete")
    if manifest.complete_to < manifest.complete_from - 1:
        raise ManifestBroken("what is complete ends before it begins")
    if max(manifest.last_count, manifest.complete_from) > MOST_IN_JSON:
        raise ManifestBroken("a number beyond 2^53 - 1")
    asked = manifest.filter
    for name in (manifest.workspace_id, manifest.log_id, asked.stream, asked.actor):
        if name is not None and not 0 < len(name.encode()) <= MOST_NAME:
            raise ManifestBroken(f"an id of {len(name.encode())} bytes")
    return manifest


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter with its times as numbers, microseconds since 1970, both inclusive."""

    since: int | None
    until: int | None
    stream: str | None
    actor: str | None

    @classmethod
    def by(cls, asked: Filter) -> "Asked":
        """Raises ManifestBroken for a time that is none, or a period that ends before it begins."""
        try:
            since = None if asked.from_ is None else times.read(asked.from_)
            until = None if asked.to is None else times.read(asked.to)
        except ValueError as error:
            raise ManifestBroken(f"the filter: {error}") from error
        if since is not None and until is not None and until < since:
            raise ManifestBroken("the filter: the period ends before it begins")
        return cls(since, until, asked.stream, asked.actor)

    @property
    def withholds(self) -> bool:
        """Events of the period may be left untold."""
        return self.stream is not None or self.actor is not None

    def is_before(self, recorded_at: int) -> bool:
        """The period begins after it, and so after all that stands before it."""
        return self.since is not None and recorded_at < self.since

    def is_after(self, recorded_at: int) -> bool:
        """The period ended before it, and so before all that stands after it."""
        return self.until is not None and recorded_at > self.until

    def match(self, envelope: Envelope) -> bool:
        """Raises NotReadable for a metadata that cannot say who acted."""
        return (
            not self.is_before(envelope.recorded_at)
            and not self.is_after(envelope.recorded_at)
            and self.stream in (None, envelope.stream)
            and (self.actor is None or self.actor == actor_of(envelope.metadata))
        )
