"""Sealed fields of an event, and how the key of a single one opens it.

A field's key fits that one field of that one event. AES-GCM commits to no key (one ciphertext can
be made to open under two), so a commitment to the key stands beside the ciphertext.
"""

import hashlib
import hmac
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.msgpack import Decoder, Ext

SEALED = 1
ERASED_BEFORE = 2
"""Codes of extension values in MessagePack: a sealed field, and a text erased before that."""

KEY_ID_BYTES = 16
FIELD_KEY_BYTES = 32
NONCE_BYTES = 12
SEAL_BYTES = KEY_ID_BYTES + 32
"""A sealed field begins with the id of its key and the commitment to its own."""
_COMMITMENT = slice(KEY_ID_BYTES, SEAL_BYTES)
_NONCE = slice(_COMMITMENT.stop, _COMMITMENT.stop + NONCE_BYTES)

METADATA = "metadata."
"""Before the name of a sealed field of the metadata; no field of an event can have such a name."""


class SealBroken(Exception):
    """Stored bytes were altered, or stand where they were not written."""


class NotReadable(ValueError):
    """Bytes that are no MessagePack map of names."""


def place(workspace_id: str, stream: str, version: int, type_name: str) -> bytes:
    """Where an event stands; with a field's name behind it the associated data of that field.

    No part can hold a NUL (PostgreSQL's text has none), so no two places read alike.
    """
    return f"{workspace_id}\0{stream}\0{version}\0{type_name}\0".encode()


def open_field(secret: bytes, where: bytes, sealed: bytes) -> bytes:
    """The plaintext by the field's own key, which is all that a disclosure gives away.

    Raises SealBroken.
    """
    if not hmac.compare_digest(commitment_of(sealed), commitment(secret)):
        raise SealBroken("the key is not the one that this field commits to")
    try:
        return AESGCM(secret).decrypt(sealed[_NONCE], sealed[_NONCE.stop :], where)
    except (InvalidTag, ValueError):
        raise SealBroken("a sealed field was altered") from None


def commitment(secret: bytes) -> bytes:
    """Binds a ciphertext to one key: finding a second one takes a collision of SHA-256."""
    return hashlib.sha256(b"taskledger commitment\0" + secret).digest()


def key_id_of(sealed: bytes) -> bytes:
    return sealed[:KEY_ID_BYTES]


def commitment_of(sealed: bytes) -> bytes:
    """The commitment to the one key that opens it."""
    return sealed[_COMMITMENT]


def sealed_fields(payload: bytes, metadata: bytes) -> dict[str, bytes]:
    """The sealed fields of an event by their names. Raises NotReadable."""
    found = _sealed(payload, "")
    found = {name: sealed for name, sealed in found.items() if not name.startswith(METADATA)}
    found.update(_sealed(metadata, METADATA))
    return found


def actor_of(metadata: bytes) -> str:
    """Who acted. Raises NotReadable."""
    actor = read_map(metadata).get("actor")
    if not isinstance(actor, str):
        raise NotReadable("metadata without an actor")
    return actor


def read_map(content: bytes) -> dict[str, Any]:
    """Raises NotReadable, also for a name that stands there twice: two readers might each take
    another one of its values."""
    try:
        found = _decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotReadable("not a MessagePack map") from error
    if len(found) != _named(content):
        raise NotReadable("a map that names something twice")
    return found


_decode = Decoder(dict[str, Any]).decode


def _named(content: bytes) -> int:
    """How many names a map says that it has."""
    match content[0]:
        case 0xDE:
            return int.from_bytes(content[1:3])
        case 0xDF:
            return int.from_bytes(content[1:5])
        case begins:
            return begins & 0x0F


def _sealed(content: bytes, prefix: str) -> dict[str, bytes]:
    return {
        prefix + name: bytes(value.data)
        for name, value in read_map(content).items()
        if type(value) is Ext and value.code == SEALED
    }
