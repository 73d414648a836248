"""What a command once did to each stream, and what has become of it since."""

from asyncio import gather
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from commands.differences import Place, changes
from commands.work import Work, text_fields
from domain.aggregate import Aggregate
from domain.aggregates import aggregate_of
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded

_READ_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Change:
    """What a command recorded on one stream (`done`), with the events before and after that.

    `before`, `after` and `now` are the states around it; `before` is None where it began the
    stream.
    """

    stream: str
    aggregate: Aggregate[Any]
    earlier: Sequence[Recorded]
    done: Sequence[Recorded]
    later: Sequence[Recorded]
    before: Any
    after: Any
    now: Any

    def places(self) -> list[Place]:
        """What it changed. A rank that only came with a status says nothing of its own."""
        if self.before is None:
            return []
        found = changes(self.before, self.after)
        if any(place.field == "status" for place in found):
            return [place for place in found if place.field != "rank"]
        return found

    def met(self, recorded: Recorded) -> Any:
        """The state that one of the events done met."""
        state = self.before
        for each in self.done:
            if each is recorded:
                break
            state = self.aggregate.evolve(state, each.event, each.stamp)
        return state

    def overtaken(self) -> dict[Place, Recorded]:
        """The places that do not stand as the command left them, each with its last change."""
        moved = [each for each in self.places() if each.value(self.after) != each.value(self.now)]
        return self._last_changes(moved)

    def everything_since(self) -> dict[Place, Recorded]:
        """All that was changed later, each place with its last change."""
        return self._last_changes(changes(self.after, self.now))

    def words(self) -> Iterator[tuple[str, str]]:
        """Texts that stood before, each with whoever wrote it."""
        for place in self.places():
            text = place.value(self.before)
            writer = self._writer(place, text) if isinstance(text, str) and text else None
            if writer is not None:
                yield text, writer

    def _last_changes(self, places: Sequence[Place]) -> dict[Place, Recorded]:
        found: dict[Place, Recorded] = {}
        state = self.after
        for each in self.later if places else ():
            following = self.aggregate.evolve(state, each.event, each.stamp)
            found |= {
                place: each for place in places if place.value(state) != place.value(following)
            }
            state = following
        return found

    def _writer(self, place: Place, text: str) -> str | None:
        for each in reversed(self.earlier):
            if place.field in text_fields(each.event):
                said = getattr(each.event, place.field)
                if isinstance(said, Mapping):
                    said = said.get(place.key)
                if said == text:
                    return each.stamp.author_of(place.field)
        return None


async def read_past(work: Work, done: Sequence[Recorded]) -> dict[str, Change]:
    """Each stream that the events of a command stand on, as it is now for this work."""
    by_stream: dict[str, list[Recorded]] = {}
    for each in done:
        by_stream.setdefault(each.stream, []).append(each)
    found: dict[str, Change] = {}
    waiting = iter(by_stream.items())
    while some := list(islice(waiting, _READ_AT_ONCE)):
        read = await gather(*(_read(work, stream, events) for stream, events in some))
        found |= {change.stream: change for change in read}
    return found


async def _read(work: Work, stream: str, done: Sequence[Recorded]) -> Change:
    aggregate = aggregate_of(stream)
    now = await work.load(aggregate, stream)
    assert now is not None  # it has the events of the command
    events = await work.past(stream, now.version)
    first, last = done[0].stamp.version, done[-1].stamp.version
    earlier, later = events[: first - 1], events[last:]
    before = aggregate.fold((each.event, each.stamp) for each in earlier)
    after = aggregate.fold(((each.event, each.stamp) for each in done), before)
    return Change(stream, aggregate, earlier, done, later, before, after, now)
