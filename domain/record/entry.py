"""The entries of a bundle: events that are disclosed, withheld, or shown not to be asked for."""

import struct
from collections.abc import Iterable, Iterator
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

from domain.record.disclosure import FIELD_KEY_BYTES
from domain.record.encoding import HASH_BYTES, MOST, lp
from domain.record.window import NotValid, Window

MOST_CONTENT = 1024 * 1024
MOST_FIELDS = 256

_start = struct.Struct(f">BQ{HASH_BYTES}s")
_u16 = struct.Struct(">H")
_numbers = struct.Struct(">QQ")


class Form(IntEnum):
    DISCLOSED = 1
    WITHHELD = 2
    EDGE = 3


class Envelope(NamedTuple):
    """`content` are the bytes of all of it; `recorded_at` in microseconds since 1970."""

    content: bytes
    stream: str
    version: int
    type: str
    recorded_at: int
    number: int
    metadata: bytes


class Entry(NamedTuple):
    """`hashed` is the payload's hash, of a withheld one the body's. `offset` is where it begins in
    the file."""

    form: Form
    offset: int
    position: int
    link: bytes
    envelope: Envelope | None
    payload: bytes
    hashed: bytes
    fields: tuple[tuple[str, bytes], ...]


def disclosed_entry(
    position: int, link: bytes, envelope: bytes, payload: bytes, fields: Iterable[tuple[str, bytes]]
) -> bytes:
    """`fields` are names with their field's keys, in any order. `envelope` see `encoding`."""
    keys = sorted((name.encode(), key) for name, key in fields)
    return b"".join(
        (
            _start.pack(Form.DISCLOSED, position, link),
            envelope,
            lp(payload),
            _u16.pack(len(keys)),
            *(lp(name) + key for name, key in keys),
        )
    )


def withheld_entry(position: int, link: bytes, body_hash: bytes) -> bytes:
    return _start.pack(Form.WITHHELD, position, link) + body_hash


def edge_entry(position: int, link: bytes, envelope: bytes, payload_hash: bytes) -> bytes:
    return _start.pack(Form.EDGE, position, link) + envelope + payload_hash


def read_entries(window: Window) -> Iterator[Entry]:
    """All that are in the window. Raises NotValid."""
    while window.left:
        yield _entry(window)


def read_envelope(window: Window) -> Envelope:
    """Raises NotValid."""
    stream = window.name()
    version = window.u64()
    type_name = window.name()
    numbers = window.take(_numbers.size)
    recorded_at, number = _numbers.unpack(numbers)
    if recorded_at > MOST or number > MOST:
        raise NotValid("a number is too large", window.offset - _numbers.size)
    metadata = window.sized(MOST_CONTENT)
    content = b"".join(
        (
            lp(stream.encode()),
            version.to_bytes(8),
            lp(type_name.encode()),
            numbers,
            lp(metadata),
        )
    )
    return Envelope(content, stream, version, type_name, recorded_at, number, metadata)


def _entry(window: Window) -> Entry:
    offset = window.offset
    form, position, link = _start.unpack(window.take(_start.size))
    if not 0 < position <= MOST:
        raise NotValid(f"there is no position {position}", offset + 1)
    match form:
        case Form.DISCLOSED:
            envelope = read_envelope(window)
            payload = window.sized(MOST_CONTENT)
            fields = _fields(window)
            hashed = sha256(payload).digest()
            return Entry(Form.DISCLOSED, offset, position, link, envelope, payload, hashed, fields)
        case Form.WITHHELD:
            return Entry(Form.WITHHELD, offset, position, link, None, b"", window.hash(), ())
        case Form.EDGE:
            envelope = read_envelope(window)
            return Entry(Form.EDGE, offset, position, link, envelope, b"", window.hash(), ())
        case _:
            raise NotValid(f"an entry of the unknown form {form}", offset)


def _fields(window: Window) -> tuple[tuple[str, bytes], ...]:
    number = window.u16()
    if number == 0:
        return ()
    if number > MOST_FIELDS:
        raise NotValid(f"{number} fields, more than {MOST_FIELDS}", window.offset - 2)
    found = []
    before = b""
    for _ in range(number):
        at = window.offset
        name = window.name()
        if (encoded := name.encode()) <= before:
            raise NotValid(f"the field {name!r} is out of order", at)
        before = encoded
        found.append((name, window.take(FIELD_KEY_BYTES)))
    return tuple(found)
