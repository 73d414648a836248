"""Which part of a workspace's chain an export holds: a period, and what proves its ends."""

from domain.values.frozen import dataclass
from infra.exports.filters import TrailFilter
from infra.exports.trail import Trail


@dataclass(frozen=True, slots=True)
class Span:
    """The events that a file holds, by their numbers in the chain: `first` to `last`, of which
    those from `begins` to `ends` are of the period, and one at either side may be an edge. Where
    nothing is of the period, `ends` is `begins - 1`; where there is nothing at all, `last` is
    `first - 1`."""

    first: int
    last: int
    begins: int
    ends: int

    @property
    def entries(self) -> int:
        return self.last - self.first + 1

    def is_edge(self, count: int) -> bool:
        return not self.begins <= count <= self.ends


async def span_of(trail: Trail, wanted: TrailFilter, head_count: int) -> Span:
    """Of a chain of `head_count` events."""
    begins, ends = 1, head_count
    if wanted.since is not None:
        before = await trail.position_at(wanted.since, inclusive=False)
        begins = await trail.count_upto(before, head_count) + 1
    if wanted.until is not None:
        upto = await trail.position_at(wanted.until, inclusive=True)
        ends = await trail.count_upto(upto, head_count)
    return Span(max(begins - 1, 1), min(ends + 1, head_count), begins, ends)
