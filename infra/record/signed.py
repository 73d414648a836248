"""Checkpoints that were signed: read, trusted or not, and compared."""

from dataclasses import replace

from domain.record.checkpoint import parse_checkpoint
from domain.record.note import NoteBroken, parse_note
from domain.record.note_keys import NobodyKnown, SignatureBroken, open_note
from domain.values.frozen import dataclass
from infra.record.key_book import KeyBook
from infra.record.refusal import WillNotSign


@dataclass(frozen=True, slots=True)
class SignedTree:
    """`note` says that the first `size` events of the log have this root. `at` in microseconds
    since 1970."""

    origin: str
    size: int
    root: bytes
    at: int
    note: bytes

    @property
    def log_id(self) -> str:
        """The incarnation that it was signed for."""
        return self.origin.rpartition("/")[2]

    def with_note(self, note: bytes) -> "SignedTree":
        """The same with more signatures, or fewer."""
        return replace(self, note=note)


def read_signed(note: bytes, book: KeyBook, where: str) -> SignedTree:
    """`where` says in words which one it is. Raises WillNotSign for what no key of ours signed."""
    try:
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
        open_note(parsed, book.known(checkpoint.origin))
    except NoteBroken as error:
        raise WillNotSign(f"the checkpoint {where} is none: {error}") from error
    except (NobodyKnown, SignatureBroken) as error:
        raise WillNotSign(f"the checkpoint {where} is not signed by a key of ours") from error
    return SignedTree(checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.at or 0, note)
