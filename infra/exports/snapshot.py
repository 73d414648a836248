"""What an export is proven by: a signed tree, and where all chains stood in it."""

from collections.abc import Callable, Sequence

from domain.record.chains import ChainPlace
from domain.record.summary import encode_summary
from domain.record.tree import HashSource
from domain.values.frozen import dataclass
from infra.event_store.rows import StoredRow
from infra.exports.rows import envelope_of


@dataclass(frozen=True, slots=True)
class Summing:
    """The event that says where all chains stood, and its own place in the chain of `system`."""

    row: StoredRow
    count: int
    previous_link: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`note` is the signed checkpoint of the tree of `size` leaves, `keys` who may have signed it
    (`vkey`s). `hashes` gives the nodes of that tree; it may read files, and so is asked in a
    thread. `place` is that of the workspace among all chains in the event `summing`."""

    log_id: str
    note: bytes
    keys: Sequence[str]
    size: int
    hashes: Callable[[], HashSource]
    summing: Summing
    place: ChainPlace

    def summary(self) -> bytes:
        """The section of a bundle that shows how many events there are."""
        summing = self.summing
        return encode_summary(
            summing.row.position,
            summing.count,
            summing.previous_link,
            envelope_of(summing.row),
            summing.row.payload,
            self.place,
        )
