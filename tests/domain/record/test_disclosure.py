"""Sealed fields: the key of one opens that field of that event, and nothing else."""

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.msgpack import Ext

from domain.record.disclosure import (
    ERASED_BEFORE,
    SEALED,
    NotReadable,
    SealBroken,
    actor_of,
    commitment,
    open_field,
    place,
    read_map,
    sealed_fields,
)

KEY = bytes([7]) * 32
WHERE = place("ws_1", "task_1", 3, "TaskCreated.v1") + b"title"
NONCE = bytes(range(12))
SEALED_BYTES = bytes(16) + commitment(KEY) + NONCE + AESGCM(KEY).encrypt(NONCE, b"text", WHERE)


def packed(**fields: object) -> bytes:
    return msgspec.msgpack.encode(fields)


def test_the_bytes_are_those_that_the_format_names():
    assert WHERE == b"ws_1\0task_1\0" + b"3\0TaskCreated.v1\0title"
    # By sha256sum of the text, its NUL and the key.
    assert commitment(KEY).hex() == (
        "6a52a85d676d968738733f5200dca80ba4e9b902d2bed758cb141e9324ef0689"
    )


def test_a_field_opens_by_its_own_key_where_it_was_written():
    assert open_field(KEY, WHERE, SEALED_BYTES) == b"text"
    with pytest.raises(SealBroken, match="not the one that this field commits to"):
        open_field(bytes(32), WHERE, SEALED_BYTES)
    flipped = SEALED_BYTES[:-1] + bytes([SEALED_BYTES[-1] ^ 1])
    for where, sealed in (
        (WHERE + b".", SEALED_BYTES),
        (WHERE, flipped),
        (WHERE, SEALED_BYTES[:-1]),
        (WHERE, SEALED_BYTES[:48]),
    ):
        with pytest.raises(SealBroken, match="a sealed field was altered"):
            open_field(KEY, where, sealed)
    short = bytes(16) + commitment(b"short") + SEALED_BYTES[48:]
    with pytest.raises(SealBroken, match="a sealed field was altered"):
        open_field(b"short", WHERE, short)


def test_sealed_fields_of_the_metadata_have_names_of_their_own():
    payload = packed(title=Ext(SEALED, b"1"), gone=Ext(ERASED_BEFORE, b"2"), plain=b"3")
    assert sealed_fields(payload, packed(title=Ext(SEALED, b"4"), actor="user_1")) == {
        "title": b"1",
        "metadata.title": b"4",
    }


def test_who_acted_is_a_text_or_cannot_be_read():
    assert actor_of(packed(actor="user_1")) == "user_1"
    for metadata in (packed(), packed(actor=1), packed(actor=None)):
        with pytest.raises(NotReadable, match="metadata without an actor"):
            actor_of(metadata)
    for content in (b"", b"\x90", b"\x81\x01\x02", b"\x91" * 100_000):
        with pytest.raises(NotReadable, match=r"^not a MessagePack map$"):
            read_map(content)
