"""Places of tasks in a line, every blocker before what it blocks, kept as edges come.

Whoever is placed before another is not behind it: so most edges need no search for a ring, however
large the graph. Where an edge goes against the line, only the tasks that stand between its ends are
looked at and change places among themselves (Pearce and Kelly, A dynamic topological sort algorithm
for directed acyclic graphs, 2007).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from domain.dependency_graph.order import in_order
from domain.values.frozen import dataclass
from domain.values.shared_map import SharedMap

Neighbours = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Places:
    """`first` and `last` bound all places; a task that neither blocks nor is blocked has none that
    counts."""

    of: SharedMap[int] = field(default_factory=SharedMap)
    first: int = 0
    last: int = 0

    def with_edge(
        self, blocker: str, blocked: str, blocks: Neighbours, blocked_by: Neighbours
    ) -> "Places":
        """The places with one edge more, of whose ends the neighbours are those without it. An
        edge that closes a ring, which no decision lets in, changes nothing."""
        is_new = not (blocks(blocker) or blocked_by(blocker))
        if not (blocks(blocked) or blocked_by(blocked)):
            of, last = self.of, self.last
            if is_new:
                last += 1
                of = of.put(blocker, last)
            return Places(of.put(blocked, last + 1), self.first, last + 1)
        if is_new:
            return Places(self.of.put(blocker, self.first - 1), self.first - 1, self.last)
        lower, upper = self.of[blocked], self.of[blocker]
        if upper < lower:
            return self
        behind = self._reached(blocked, blocks, lambda place: place <= upper)
        if blocker in behind:
            return self
        before = self._reached(blocker, blocked_by, lambda place: place >= lower)
        return Places(self.of.updated(_exchanged(before, behind)), self.first, self.last)

    def _reached(
        self, start: str, step: Neighbours, is_between: Callable[[int], bool]
    ) -> dict[str, int]:
        """The tasks reached without leaving what is between, and their places."""
        found = {start: self.of[start]}
        waiting = [start]
        while waiting:
            for each in step(waiting.pop()):
                if each not in found:
                    place = self.of[each]
                    if is_between(place):
                        found[each] = place
                        waiting.append(each)
        return found


class Line:
    """Where one state of a graph keeps its places, once somebody has asked for them: a long past
    is folded without, which takes a hundredth of the time, and placed at once."""

    __slots__ = ("found",)

    def __init__(self, found: Places | None = None) -> None:
        self.found = found


def placed(tasks: Iterable[str], blocks: Iterable[tuple[str, str]]) -> Places:
    """Places for all of them at once."""
    ordered = in_order(list(tasks), blocks)
    return Places(SharedMap({each: at for at, each in enumerate(ordered, 1)}), 0, len(ordered))


def _exchanged(before: Mapping[str, int], behind: Mapping[str, int]) -> Mapping[str, int]:
    """The same places, first to those before and then to those behind, each in their order."""
    tasks = [*sorted(before, key=before.__getitem__), *sorted(behind, key=behind.__getitem__)]
    return dict(zip(tasks, sorted([*before.values(), *behind.values()]), strict=True))
