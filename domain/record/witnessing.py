"""What a log says to a witness, and what that makes sure of before it cosigns.

By c2sp.org/tlog-witness, in the order in which it states the rules; what it leaves open is refused:
a checkpoint of no leaves with another root than the empty tree's.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.encoding import HASH_BYTES, MOST
from domain.record.note import Note, NoteBroken, NoteSignature, decode_base64, parse_note
from domain.record.note_keys import NobodyKnown, SignatureBroken, VerifierKey, open_note
from domain.record.tree import EMPTY_ROOT, verify_consistency

MOST_REQUEST_BYTES = 64 * 1024
MOST_PROOF_LINES = 63

_OLD = re.compile("old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile("(0|[1-9][0-9]{0,18})\n")


class Why(Enum):
    """Why a witness does not cosign."""

    BROKEN = auto()
    UNKNOWN_LOG = auto()
    NOT_SIGNED = auto()
    OTHER_SIZE = auto()
    OTHER_ROOT = auto()
    INCONSISTENT = auto()


class WillNotCosign(Exception):
    """`size` is that of the last tree that was cosigned, where the old size is another one."""

    def __init__(self, why: Why, what: str, size: int | None = None) -> None:
        super().__init__(what)
        self.why = why
        self.size = size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The tree of the note goes on from that of `old` leaves, as `proof` shows."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        lines = [f"old {self.old}", *(b64encode(each).decode() for each in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


@dataclass(frozen=True, slots=True)
class Seen:
    """The last tree of a log that a witness cosigned."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Submitted:
    """A checkpoint that its log signed; `note` has the signatures of keys that are trusted, and
    no others."""

    note: Note
    checkpoint: Checkpoint
    old: int
    proof: tuple[bytes, ...]


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Raises NoteBroken."""
    head, empty_line, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteBroken("not text before the checkpoint") from error
    old = _OLD.fullmatch(first)
    if not empty_line or old is None or int(old[1]) > MOST:
        raise NoteBroken("no line `old`, or no empty line behind the proof")
    if len(lines) > MOST_PROOF_LINES:
        raise NoteBroken(f"a proof of more than {MOST_PROOF_LINES} lines")
    proof = tuple(map(decode_base64, lines))
    if any(len(each) != HASH_BYTES for each in proof):
        raise NoteBroken("a line of the proof is no hash")
    return AddCheckpoint(int(old[1]), proof, note)


def submitted(body: bytes, trusted: Sequence[VerifierKey]) -> Submitted:
    """What can be made sure of without knowing what was cosigned before. `trusted` are the keys
    of all logs that are known. Raises WillNotCosign."""
    try:
        asked = parse_add_checkpoint(body)
        note = parse_note(asked.note)
        checkpoint = parse_checkpoint(note.text)
    except NoteBroken as error:
        raise WillNotCosign(Why.BROKEN, str(error)) from error
    keys = [key for key in trusted if key.name == checkpoint.origin]
    if not keys:
        raise WillNotCosign(Why.UNKNOWN_LOG, "the log is not one that is known here")
    try:
        open_note(note, keys)
    except (NobodyKnown, SignatureBroken) as error:
        raise WillNotCosign(Why.NOT_SIGNED, str(error)) from error
    if asked.old > checkpoint.size:
        raise WillNotCosign(Why.BROKEN, "the old size is beyond that of the checkpoint")
    own = tuple(one for one in note.signatures if any(key.made(one) for key in keys))
    return Submitted(Note(note.text, own), checkpoint, asked.old, asked.proof)


def check_against(seen: Seen, new: Submitted) -> None:
    """The tree is the one that was cosigned last, or goes on from it. Raises WillNotCosign."""
    size, root = new.checkpoint.size, new.checkpoint.root
    if new.old != seen.size:
        raise WillNotCosign(Why.OTHER_SIZE, f"{seen.size} leaves were cosigned", seen.size)
    if new.old == size and not new.proof and root != seen.root:
        raise WillNotCosign(Why.OTHER_ROOT, f"another tree of {size} leaves was cosigned")
    if not verify_consistency(seen.size, size, seen.root, root, new.proof):
        raise WillNotCosign(Why.INCONSISTENT, "the proof does not lead from one tree to the other")


def cosignature(answer: bytes, text: str, key: VerifierKey) -> NoteSignature:
    """The one by this witness in its answer to the checkpoint of this text, which is checked; what
    else is there is ignored. Raises NoteBroken, NobodyKnown, SignatureBroken."""
    for each in parse_note(text.encode() + b"\n" + answer).signatures:
        if key.made(each):
            if not key.verify(text, each):
                raise SignatureBroken(f"{key.name} does not say when it signed")
            return each
    raise NobodyKnown(f"{key.name} has not signed")


def parse_size(body: bytes) -> int:
    """What a witness answers where it cosigned a tree of another size. Raises NoteBroken."""
    found = _SIZE.fullmatch(body.decode("latin-1"))
    if found is None or int(found[1]) > MOST:
        raise NoteBroken("no size of a tree")
    return int(found[1])
