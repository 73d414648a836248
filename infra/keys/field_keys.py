"""Keys of single fields that came with a bundle: wrapped by a key that goes with their owner."""

import os
from collections.abc import Collection, Mapping
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.record.disclosure import NONCE_BYTES
from infra.keys.master import expand

_REMEMBERED: Final = 10_000  # of one owner; about 2 MiB


class FieldKeys:
    """What is known here of a key of another log: keys of single fields that it sealed, each by
    the commitment that stands in the field. Whatever else it sealed cannot be read here."""

    __slots__ = ("_cipher", "_known", "key_id")

    def __init__(self, key_id: bytes, secret: bytes) -> None:
        self.key_id = key_id
        self._cipher = AESGCM(expand(secret, b"taskledger imported fields"))
        self._known: dict[bytes, bytes | None] = {}

    def of(self, commitment: bytes) -> bytes | None:
        """A field's key, None where it was not disclosed. Raises KeyError for one that `learn` was
        not told of."""
        return self._known[commitment]

    def unknown(self, commitments: Collection[bytes]) -> list[bytes]:
        return [each for each in commitments if each not in self._known]

    def learn(
        self,
        commitments: Collection[bytes],
        wrapped: Mapping[bytes, bytes],
        keep: Collection[bytes] = (),
    ) -> None:
        """From now on `of` answers for these; `wrapped` are those of them that are there. Where it
        knows too many others it forgets them, but for those to `keep`."""
        if len(self._known) + len(commitments) > _REMEMBERED:
            self._known = {each: self._known[each] for each in keep if each in self._known}
        for commitment in commitments:
            found = wrapped.get(commitment)
            self._known[commitment] = None if found is None else self._unwrap(commitment, found)

    def wrap(self, commitment: bytes, field_key: bytes) -> bytes:
        """As the database keeps it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, field_key, commitment)

    def _unwrap(self, commitment: bytes, wrapped: bytes) -> bytes:
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        return self._cipher.decrypt(nonce, sealed, commitment)
