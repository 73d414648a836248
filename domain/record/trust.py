"""Whose signatures count: verifier keys, and from when to when each is valid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from domain.record import times
from domain.record.note import NoteBroken
from domain.record.note_keys import VerifierKey, parse_vkey

MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """Times in microseconds since 1970; None is without a bound."""

    key: VerifierKey
    valid_from: int | None = None
    valid_until: int | None = None

    def valid_at(self, at: int) -> bool:
        return (self.valid_from is None or at >= self.valid_from) and (
            self.valid_until is None or at < self.valid_until
        )


class _Key(msgspec.Struct):
    vkey: str
    valid_from: str | None = None
    valid_until: str | None = None


class _Keys(msgspec.Struct):
    keys: list[_Key]


_decode = msgspec.json.Decoder(_Keys).decode


def parse_keys(content: bytes) -> Sequence[TrustedKey]:
    """From the JSON document of the keys that a log publishes, or from verifier keys, one a line.

    Raises NoteBroken, for a document without any key too.
    """
    if len(content) > MOST_BYTES:
        raise NoteBroken("too long for a list of keys")
    try:
        if content.lstrip()[:1] == b"{":
            return _some(
                TrustedKey(parse_vkey(each.vkey), _time(each.valid_from), _time(each.valid_until))
                for each in _decode(content).keys
            )
        return _some(TrustedKey(parse_vkey(line)) for line in content.decode().split())
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NoteBroken(f"these are no keys: {error}") from error


def _some(keys: Iterable[TrustedKey]) -> Sequence[TrustedKey]:
    found = list(keys)
    if not found:
        raise NoteBroken("none at all")
    return found


def _time(text: str | None) -> int | None:
    return None if text is None else times.read(text)
