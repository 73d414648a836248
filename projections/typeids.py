"""Ids for what a projection makes: TypeIDs that follow from the log alone."""

from datetime import UTC, datetime, timedelta

from typeid.codecs import base32

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DIGITS = 26


def entry_id(kind: str, recorded_at: datetime, position: int, ordinal: int) -> str:
    """The id of the `ordinal`th thing (below 4,096) that follows from the event at `position`.

    Its suffix is a UUID of version 7 whose random bits are the ordinal and the position
    (https://github.com/jetify-com/typeid/tree/main/spec, RFC 9562 section 5.7): the same log
    gives the same ids whenever it is read, and later ones sort later.
    """
    milliseconds = (recorded_at - _EPOCH) // _MILLISECOND
    value = milliseconds << 80 | 0x7 << 76 | ordinal << 64 | 0b10 << 62 | position
    return f"{kind}_{base32.encode(value.to_bytes(16))}"


def place_of(entry_id: str) -> tuple[int, int] | None:
    """The position and the ordinal that are in such an id; None for any other text."""
    digits = entry_id.rpartition("_")[2]
    if len(digits) != _DIGITS or digits[0] > "7":
        return None
    value = 0
    for digit in digits:
        number = _ALPHABET.find(digit)
        if number < 0:
            return None
        value = value << 5 | number
    return value & (1 << 62) - 1, value >> 64 & 0xFFF
