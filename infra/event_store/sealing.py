"""One field of one event, sealed under a key of its own.

A field's key comes from its owner's key by HKDF-Expand over where the field stands, so a single
field can be disclosed without opening anything else: `domain.record.disclosure` is that part.
"""

import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.record.disclosure import NONCE_BYTES, commitment, commitment_of, open_field
from infra.keys.content_keys import OpeningKey, SealingKey
from infra.keys.field_keys import FieldKeys


class Sealer:
    """Seals the fields of one event, at its place in the log, under each field's owner's key.

    The nonce is random although each field has a key of its own: an append that was refused may
    come again at the same place with another text, and what it left on a disk must not share key
    and nonce with it.
    """

    __slots__ = ("_keys", "_nonce", "_where")

    def __init__(self, where: bytes, keys: Mapping[str, SealingKey | None]) -> None:
        self._where = where
        self._keys = keys
        self._nonce = os.urandom(NONCE_BYTES) if keys else b""

    def seal(self, field: str, plaintext: bytes) -> bytes | None:
        """key id | commitment | nonce | ciphertext and tag; None where the key was destroyed.
        `field` is one that has a key, or had one."""
        key = self._keys[field]
        if key is None:
            return None
        where = self._where + field.encode()
        secret = field_key(key, where)
        sealed = AESGCM(secret).encrypt(self._nonce, plaintext, where)
        return key.key_id + commitment(secret) + self._nonce + sealed


def unseal(key: OpeningKey, where: bytes, sealed: bytes) -> bytes | None:
    """The plaintext; None where the field came from elsewhere without its key. Raises SealBroken,
    and KeyError where `KeyRing.opening` was not asked for it."""
    secret = opening_key(key, where, sealed)
    return None if secret is None else open_field(secret, where, sealed)


def opening_key(key: OpeningKey, where: bytes, sealed: bytes) -> bytes | None:
    """What opens this one field and nothing else; None and KeyError as above."""
    if isinstance(key, FieldKeys):
        return key.of(commitment_of(sealed))
    return field_key(key, where)


def field_key(key: SealingKey, where: bytes) -> bytes:
    return key.expand(b"taskledger field\0" + where)
