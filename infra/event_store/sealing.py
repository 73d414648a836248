"""One field of one event, sealed under a key of its own.

A field's key comes from its owner's key by HKDF-Expand over where the field stands, so a single
field can be disclosed without opening anything else. AES-GCM commits to no key (one ciphertext can
be made to open under two), so a commitment to the key stands beside it.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.keys.content_keys import SealingKey

KEY_ID_BYTES = 16
_COMMITMENT_BYTES = 32
_NONCE_BYTES = 12
_COMMITMENT = slice(KEY_ID_BYTES, KEY_ID_BYTES + _COMMITMENT_BYTES)
_NONCE = slice(_COMMITMENT.stop, _COMMITMENT.stop + _NONCE_BYTES)


class SealBroken(Exception):
    """Stored bytes were altered, or stand where they were not written."""


def place(workspace_id: str, stream: str, version: int, type_name: str) -> bytes:
    """Where an event stands; with a field's name behind it the associated data of that field.

    No part can hold a NUL (PostgreSQL's text has none), so no two places read alike.
    """
    return f"{workspace_id}\0{stream}\0{version}\0{type_name}\0".encode()


class Sealer:
    """Seals the fields of one event, at its place in the log, under each field's owner's key.

    The nonce is random although each field has a key of its own: an append that was refused may
    come again at the same place with another text, and what it left on a disk must not share key
    and nonce with it.
    """

    __slots__ = ("_keys", "_nonce", "_where")

    def __init__(self, where: bytes, keys: Mapping[str, SealingKey]) -> None:
        self._where = where
        self._keys = keys
        self._nonce = os.urandom(_NONCE_BYTES) if keys else b""

    def seal(self, field: str, plaintext: bytes) -> bytes:
        """key id | commitment | nonce | ciphertext and tag. `field` is one that has a key."""
        key = self._keys[field]
        where = self._where + field.encode()
        secret = field_key(key, where)
        sealed = AESGCM(secret).encrypt(self._nonce, plaintext, where)
        return key.key_id + commitment(secret) + self._nonce + sealed


def unseal(key: SealingKey, where: bytes, sealed: bytes) -> bytes:
    """The plaintext. Raises SealBroken."""
    return open_field(field_key(key, where), where, sealed)


def open_field(secret: bytes, where: bytes, sealed: bytes) -> bytes:
    """The plaintext by the field's own key, which is all that a disclosure gives away."""
    if not hmac.compare_digest(sealed[_COMMITMENT], commitment(secret)):
        raise SealBroken("the key is not the one that this field commits to")
    try:
        return AESGCM(secret).decrypt(sealed[_NONCE], sealed[_NONCE.stop :], where)
    except InvalidTag:
        raise SealBroken("a sealed field was altered") from None


def field_key(key: SealingKey, where: bytes) -> bytes:
    return key.expand(b"taskledger field\0" + where)


def commitment(secret: bytes) -> bytes:
    """Binds a ciphertext to one key: finding a second one takes a collision of SHA-256."""
    return hashlib.sha256(b"taskledger commitment\0" + secret).digest()


def key_id_of(sealed: bytes) -> bytes:
    return sealed[:KEY_ID_BYTES]
