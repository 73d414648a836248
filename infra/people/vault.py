"""Small secrets at rest: sealed under a key from the root, which the master key wraps."""

import os
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12


class Vault:
    """AES-GCM with random nonces. `place` says where a value stands: it opens nowhere else."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, value: Any, place: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(value), place.encode())

    def open(self, sealed: bytes, place: str) -> Any:
        """Raises ValueError for what was altered, or stood in another place."""
        try:
            plain = self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()
            )
        except InvalidTag:
            raise ValueError("a sealed value was altered or stands in another's place") from None
        return msgspec.msgpack.decode(plain)
