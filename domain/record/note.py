"""Signed notes (c2sp.org/signed-note): the text, and who signed it, read and written strictly."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass

MOST_BYTES = 256 * 1024
MOST_SIGNATURES = 64
KEY_ID_BYTES = 4

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_SIGNATURE = re.compile(r"— (\S+) ([A-Za-z0-9+/=]+)\n")


class NoteBroken(ValueError):
    """The bytes are no signed note, or the text is not what it has to be."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """`signed` is what the key's algorithm made of the text."""

    name: str
    key_id: bytes
    signed: bytes

    def encode(self) -> bytes:
        """Its line in a note."""
        return f"— {self.name} {b64encode(self.key_id + self.signed).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends with a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def with_signatures(self, more: Iterable[NoteSignature]) -> "Note":
        return Note(self.text, (*self.signatures, *more))

    def encode(self) -> bytes:
        """Raises NoteBroken for what `parse_note` would not read back."""
        content = b"".join(
            (self.text.encode(), b"\n", *(each.encode() for each in self.signatures))
        )
        if parse_note(content) != self:
            raise NoteBroken("the text cannot be a note's")
        return content


def parse_note(content: bytes) -> Note:
    """Raises NoteBroken."""
    if len(content) > MOST_BYTES:
        raise NoteBroken(f"more than {MOST_BYTES} bytes")
    try:
        note = content.decode()
    except UnicodeDecodeError as error:
        raise NoteBroken("not UTF-8") from error
    if _CONTROL.search(note):
        raise NoteBroken("a control character")
    text, empty_line, signatures = note.rpartition("\n\n")
    if not empty_line or not text:
        raise NoteBroken("no empty line before the signatures")
    return Note(text + "\n", _signatures(signatures))


def check_name(name: str) -> None:
    """Raises NoteBroken for what cannot be a key's name."""
    if not name or "+" in name or any(map(str.isspace, name)) or _CONTROL.search(name):
        raise NoteBroken(f"{name!r} is no name of a key")


def decode_base64(text: str) -> bytes:
    """Standard base64 with its padding, in the one form that a content has. Raises NoteBroken."""
    try:
        content = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise NoteBroken("not base64") from error
    if b64encode(content).decode() != text:
        raise NoteBroken("not the one base64 of its content")
    return content


def _signatures(lines: str) -> tuple[NoteSignature, ...]:
    found = []
    for line in lines.splitlines(keepends=True):
        matched = _SIGNATURE.fullmatch(line)
        if matched is None:
            raise NoteBroken("a line that is no signature")
        check_name(matched[1])
        content = decode_base64(matched[2])
        if len(content) <= KEY_ID_BYTES:
            raise NoteBroken("a signature of nothing")
        found.append(NoteSignature(matched[1], content[:KEY_ID_BYTES], content[KEY_ID_BYTES:]))
    if not found:
        raise NoteBroken("no signature")
    if len(found) > MOST_SIGNATURES:
        raise NoteBroken(f"more than {MOST_SIGNATURES} signatures")
    return tuple(found)
