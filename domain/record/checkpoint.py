"""Checkpoints (c2sp.org/tlog-checkpoint): what a log says about itself when it signs."""

import re
from base64 import b64encode
from dataclasses import dataclass

from domain.record import times
from domain.record.encoding import HASH_BYTES, MOST
from domain.record.note import NoteBroken, decode_base64

_AT = "at "
_SIZE = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`at` is when it was signed, in microseconds since 1970: the extension line of our logs."""

    origin: str
    size: int
    root: bytes
    at: int | None = None
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text of the note. Raises NoteBroken for what `parse_checkpoint` would not read."""
        lines = [self.origin, str(self.size), b64encode(self.root).decode()]
        if self.at is not None:
            lines.append(_AT + times.written(self.at))
        text = "\n".join([*lines, *self.extensions]) + "\n"
        if parse_checkpoint(text) != self:
            raise NoteBroken("not the parts of a checkpoint")
        return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Of any log; `at` is read where the first extension line is one. Raises NoteBroken."""
    origin, *rest = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or not origin or len(rest) < 2 or not all(rest):
        raise NoteBroken("not three lines or more, none of them empty")
    size, root, *extensions = rest
    if not _SIZE.fullmatch(size) or int(size) > MOST:
        raise NoteBroken("the second line is no size of a tree")
    hashed = decode_base64(root)
    if len(hashed) != HASH_BYTES:
        raise NoteBroken("the third line is no root of a tree")
    at = None
    if extensions and extensions[0].startswith(_AT):
        try:
            at = times.read(extensions.pop(0).removeprefix(_AT))
        except ValueError as error:
            raise NoteBroken("the time of signing is none") from error
    return Checkpoint(origin, int(size), hashed, at, tuple(extensions))
