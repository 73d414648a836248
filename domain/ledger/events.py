"""What is recorded of the log as a whole, in the workspace `system`."""

from domain.values.frozen import dataclass
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainsSummed:
    """Where every workspace's chain stood just after the position `upto`: `root` is that of the
    tree over the chains of all `workspaces` that had events by then (docs/record.md)."""

    upto: int
    workspaces: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyChanged:
    """Checkpoints are signed by the key `now` from here on, and by `was` no more; both as
    verifier keys of signed notes. `valid_from` is in microseconds since 1970, UTC."""

    now: str
    was: str
    valid_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncarnationDeclared:
    """The log goes on as `log_id` where it was `was` before, as the person `by` says; why stands in
    the reason of the command. `signed_size`, `signed_root` and `signed_note` are of the last
    checkpoint of that one; 0 and empty where there was none."""

    log_id: str
    was: str
    signed_size: int
    signed_root: bytes
    signed_note: str
    by: Text


LedgerEvent = ChainsSummed | SigningKeyChanged | IncarnationDeclared
