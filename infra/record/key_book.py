"""The public keys that ever signed, with the time of their validity: one JSON document."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from domain.record import times
from domain.record.note import NoteBroken
from domain.record.note_keys import KeyKind, VerifierKey, parse_vkey

FORMAT = 1
ALGORITHMS: Final = {
    KeyKind.ED25519: "Ed25519",
    KeyKind.ED25519_COSIGNATURE: "Ed25519",
    KeyKind.ML_DSA_44_COSIGNATURE: "ML-DSA-44",
}

_SECOND: Final = 1_000_000


class KeptKey(msgspec.Struct, frozen=True):
    """`vkey` as signed notes know it; its name is the origin of the log that it signs. Times in
    RFC 3339; `valid_until` is None while it is the one of its algorithm that signs."""

    vkey: str
    algorithm: str
    valid_from: str
    valid_until: str | None = None


class KeyDocument(msgspec.Struct, frozen=True):
    """What stands at `/.well-known/taskledger-keys`."""

    keys: tuple[KeptKey, ...] = ()
    format: int = FORMAT


class KeyBook:
    """Grows only. `document` is what is published."""

    def __init__(self, document: bytes | None = None) -> None:
        """Raises ValueError for bytes that are no such document."""
        try:
            found = KeyDocument() if document is None else _decode(document)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the document of keys cannot be read: {error}") from error
        self._keys: Sequence[KeptKey] = found.keys

    @property
    def document(self) -> bytes:
        return msgspec.json.format(_encode(KeyDocument(tuple(self._keys))), indent=1) + b"\n"

    @property
    def vkeys(self) -> set[str]:
        """Of all logs, as verifier keys are written."""
        return {each.vkey for each in self._keys}

    def known(self, origin: str) -> list[VerifierKey]:
        """Every key that ever signed this log."""
        found = []
        for kept in self._keys:
            try:
                key = parse_vkey(kept.vkey)
            except NoteBroken:
                continue
            if key.name == origin:
                found.append(key)
        return found

    def followers(self, origin: str) -> list[str]:
        """Those of them that took the place of another one of their kind."""
        own = [each for each in self._keys if each.vkey.startswith(f"{origin}+")]
        return [
            each.vkey
            for n, each in enumerate(own)
            if any(
                before.algorithm == each.algorithm
                and (before.valid_until is None or before.valid_until >= each.valid_from)
                for before in own[:n]
            )
        ]

    def present(self, origin: str, kind: KeyKind = KeyKind.ED25519) -> str | None:
        """The `vkey` of this kind that signs this log now."""
        for kept in reversed(self._keys):
            if (
                kept.valid_until is None
                and kept.algorithm == ALGORITHMS[kind]
                and kept.vkey.startswith(f"{origin}+")
            ):
                return kept.vkey
        return None

    def change(self, key: VerifierKey) -> int:
        """From now on it is this one of its kind that signs its log; when, in microseconds since
        1970."""
        now = time.time_ns() // 1000
        self._end(self.present(key.name, key.kind), now)
        # What says itself when it was signed says it in whole seconds.
        since = now - now % _SECOND if key.timestamped else now
        kept = KeptKey(key.encode(), ALGORITHMS[key.kind], times.written(since))
        self._keys = (*self._keys, kept)
        return since

    def drop(self, origin: str, kind: KeyKind) -> str | None:
        """From now on no key of this kind signs this log; the `vkey` that did."""
        was = self.present(origin, kind)
        self._end(was, time.time_ns() // 1000)
        return was

    def _end(self, vkey: str | None, at: int) -> None:
        until = times.written(at)
        self._keys = tuple(
            msgspec.structs.replace(each, valid_until=until)
            if each.vkey == vkey and each.valid_until is None
            else each
            for each in self._keys
        )


_decode = msgspec.json.Decoder(KeyDocument).decode
_encode = msgspec.json.Encoder().encode
