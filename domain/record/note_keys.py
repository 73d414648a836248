"""Keys of signed notes: which bytes each kind signs, and whether a signature is one.

Ed25519 of c2sp.org/signed-note, and the timestamped cosignatures of c2sp.org/tlog-cosignature,
Ed25519 and ML-DSA-44; the latter is also how a log signs its own checkpoints beside Ed25519.
"""

import struct
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from domain.record.checkpoint import parse_checkpoint
from domain.record.note import (
    KEY_ID_BYTES,
    Note,
    NoteBroken,
    NoteSignature,
    check_name,
    decode_base64,
)

_u64 = struct.Struct(">Q")
_LATEST = 2**63 - 1  # seconds, by c2sp.org/tlog-cosignature


class KeyKind(IntEnum):
    """The signature type of c2sp.org/signed-note."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44_COSIGNATURE = 0x06


_KEY_BYTES = {
    KeyKind.ED25519: 32,
    KeyKind.ED25519_COSIGNATURE: 32,
    KeyKind.ML_DSA_44_COSIGNATURE: 1312,
}
_SIGNATURE_BYTES = {
    KeyKind.ED25519: 64,
    KeyKind.ED25519_COSIGNATURE: 64,
    KeyKind.ML_DSA_44_COSIGNATURE: 2420,
}


class SignatureBroken(Exception):
    """A key that is known did not sign this text."""


class NobodyKnown(Exception):
    """None of the keys that are known signed this text."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """`public` are the raw bytes of the public key. Raises NoteBroken for what can be no key."""

    name: str
    kind: KeyKind
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _KEY_BYTES[self.kind]:
            raise NoteBroken(f"a key of {len(self.public)} bytes")

    @property
    def key_id(self) -> bytes:
        head = self.name.encode() + b"\n" + bytes([self.kind])
        return sha256(head + self.public).digest()[:KEY_ID_BYTES]

    @property
    def timestamped(self) -> bool:
        """Its signatures say when they were made."""
        return self.kind is not KeyKind.ED25519

    def encode(self) -> str:
        """As a `vkey`."""
        content = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{content}"

    def message(self, text: str, timestamp: int = 0) -> bytes:
        """What the private key signs, for whoever holds it. `timestamp` in seconds since 1970,
        for kinds that are timestamped. Raises NoteBroken for a text that is no checkpoint's,
        where only such a one can be signed."""
        match self.kind:
            case KeyKind.ED25519:
                return text.encode()
            case KeyKind.ED25519_COSIGNATURE:
                return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
            case KeyKind.ML_DSA_44_COSIGNATURE:
                checkpoint = parse_checkpoint(text)
                return b"".join(
                    (
                        b"subtree/v1\n\0",
                        _short(self.name),
                        _u64.pack(timestamp),
                        _short(checkpoint.origin),
                        _u64.pack(0),
                        _u64.pack(checkpoint.size),
                        checkpoint.root,
                    )
                )

    def sign(self, text: str, sign: Callable[[bytes], bytes], timestamp: int = 0) -> NoteSignature:
        """The note's signature, by whatever holds the private key; it is checked before it is
        returned. Raises SignatureBroken."""
        return self.signature(text, sign(self.message(text, timestamp)), timestamp)

    def signature(self, text: str, signed: bytes, timestamp: int = 0) -> NoteSignature:
        """The same from what the private key made of `message`, where that took its time. Raises
        SignatureBroken."""
        if self.timestamped:
            signed = _u64.pack(timestamp) + signed
        signature = NoteSignature(self.name, self.key_id, signed)
        self.verify(text, signature)
        return signature

    def made(self, signature: NoteSignature) -> bool:
        """By name and id, it is a signature of this key."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verify(self, text: str, signature: NoteSignature) -> int | None:
        """When it was signed, in seconds since 1970, where the signature says it.

        Raises SignatureBroken.
        """
        signed, timestamp = signature.signed, None
        if self.timestamped:
            if len(signed) < _u64.size:
                raise SignatureBroken(f"a signature of {len(signed)} bytes")
            (timestamp,) = _u64.unpack_from(signed)
            signed = signed[_u64.size :]
            if timestamp > _LATEST:
                raise SignatureBroken("a time beyond all times")
        if len(signed) != _SIGNATURE_BYTES[self.kind]:
            raise SignatureBroken(f"a signature of {len(signature.signed)} bytes")
        try:
            message = self.message(text, timestamp or 0)
            if self.kind is KeyKind.ML_DSA_44_COSIGNATURE:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signed, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signed, message)
        except (InvalidSignature, ValueError) as error:
            raise SignatureBroken(f"{self.name} did not sign this") from error
        return timestamp


def parse_vkey(text: str) -> VerifierKey:
    """Raises NoteBroken."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise NoteBroken("not the form name+id+key")
    name, key_id, encoded = parts
    content = decode_base64(encoded)
    try:
        key = VerifierKey(name, KeyKind(content[0]), content[1:])
    except (IndexError, ValueError) as error:
        raise NoteBroken("not a key of a kind that is known") from error
    if key_id != key.key_id.hex():
        raise NoteBroken("the id is not that of the key")
    return key


@dataclass(frozen=True, slots=True)
class Signed:
    """`at` in seconds since 1970, where the signature says it."""

    key: VerifierKey
    at: int | None


def open_note(note: Note, known: Iterable[VerifierKey]) -> list[Signed]:
    """Which of the known keys signed, one at least; signatures of others count for nothing.

    Raises NobodyKnown, and SignatureBroken where a known key's signature is not one.
    """
    found = signed_by(note, known)
    if not found:
        names = ", ".join(sorted({each.name for each in note.signatures}))
        raise NobodyKnown(f"signed by {names}, and by none of the keys given")
    return found


def signed_by(note: Note, known: Iterable[VerifierKey]) -> list[Signed]:
    """The same, where none of them has to. Raises SignatureBroken."""
    keys = {(key.name, key.key_id): key for key in known}
    found: dict[tuple[str, bytes], Signed] = {}
    for signature in note.signatures:
        by = (signature.name, signature.key_id)
        if key := keys.get(by):
            at = key.verify(note.text, signature)
            found.setdefault(by, Signed(key, at))
    return list(found.values())


def _short(text: str) -> bytes:
    content = text.encode()
    if not 0 < len(content) < 256:
        raise NoteBroken("a name of more than 255 bytes cannot be signed so")
    return bytes([len(content)]) + content
