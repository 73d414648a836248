"""Time stamps of checkpoints (RFC 3161), as they are handed on.

What is stamped is the checkpoint as its log signed it: the note with the signatures that bear the
origin's name, in their order, and no others.
"""

from base64 import b64encode
from dataclasses import dataclass

import msgspec

from domain.record.checkpoint import parse_checkpoint
from domain.record.encoding import HASH_BYTES
from domain.record.note import Note, NoteBroken, decode_base64

FORMAT = "taskledger timestamp 1"
MOST_BYTES = 1024 * 1024

_MOST_PROOF = 63


class NotStamped(Exception):
    """The time stamp does not show what it should; the message is for people."""


class _Stamp(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    checkpoint: str
    proof: list[str]
    token: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """`response` is the authority's answer, in DER, about `note` as its log signed it. `proof` is a
    consistency proof to that tree from a smaller one; none from itself."""

    note: bytes
    response: bytes
    proof: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """One JSON document."""
        proof = [b64encode(each).decode() for each in self.proof]
        response = b64encode(self.response).decode()
        document = _Stamp(FORMAT, self.note.decode(), proof, response)
        return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def parse_stamp(content: bytes) -> Stamp:
    """Raises NotStamped."""
    if len(content) > MOST_BYTES:
        raise NotStamped(f"a time stamp of more than {MOST_BYTES} bytes")
    try:
        found = _decode(content)
        proof = tuple(map(decode_base64, found.proof))
        stamp = Stamp(found.checkpoint.encode(), decode_base64(found.token), proof)
    except (msgspec.MsgspecError, NoteBroken, RecursionError, ValueError) as error:
        raise NotStamped(f"no time stamp: {error}") from error
    if found.format != FORMAT or len(proof) > _MOST_PROOF:
        raise NotStamped(f"not of the format {FORMAT!r}")
    if any(len(each) != HASH_BYTES for each in proof):
        raise NotStamped("a line of its proof is no hash")
    return stamp


def stamped_bytes(note: Note) -> bytes:
    """What the authority is told the hash of."""
    origin = parse_checkpoint(note.text).origin
    return Note(note.text, tuple(one for one in note.signatures if one.name == origin)).encode()


_decode = msgspec.json.Decoder(_Stamp).decode
