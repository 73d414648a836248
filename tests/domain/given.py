"""Given these events, when this is decided, then these events follow, or this is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import pytest

from domain.aggregate import Aggregate, Versioned
from domain.errors import Invalid, Kind, Refused
from domain.values.ids import graph_of
from domain.values.limits import Limits
from domain.values.stamp import Stamp

S = TypeVar("S", bound=Versioned)

LIMITS = Limits()
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
WORKSPACE_ID = "ws_00000000000000000000000001"
PROJECT_ID = "proj_00000000000000000000000001"
TASK_ID = "task_00000000000000000000000001"
ANN, BOB, EVE = (f"user_0000000000000000000000000{n}" for n in "123")


def stamp(version: int, stream: str = TASK_ID, actor: str = ANN, **other: Any) -> Stamp:
    """The n-th event of a stream is at position n, n seconds after the start."""
    return Stamp(
        workspace_id=WORKSPACE_ID,
        stream=stream,
        version=version,
        actor=actor,
        recorded_at=START + timedelta(seconds=version),
        position=version,
        **other,
    )


@dataclass
class Case(Generic[S]):
    aggregate: Aggregate[S]
    state: Any
    events: tuple[object, ...] = ()

    def when(self, decision: Callable[..., Sequence[Any]], *args: Any, **named: Any) -> "Then":
        return Then(self.aggregate, self.state, lambda: decision(self.state, *args, **named))


@dataclass
class Then:
    aggregate: Aggregate[Any]
    state: Any
    decide: Callable[[], Sequence[Any]]

    def then(self, *expected: object) -> Any:
        """Exactly these events; gives the state after them."""
        events = tuple(self.decide())
        assert events == expected
        after = self.state
        for event in events:
            version = 1 if after is None else after.version + 1
            after = self.aggregate.evolve(after, event, stamp(version, _stream_of(after)))
        return after

    def nothing(self) -> None:
        assert tuple(self.decide()) == ()

    def refused(self, kind: Kind, **fields: object) -> Refused:
        with pytest.raises(Refused) as caught:
            self.decide()
        assert caught.value.kind is kind
        assert dict(caught.value.fields) == fields
        return caught.value

    def invalid(self, *places: str) -> None:
        """Exactly these problems, in this order: pointers, where it matters with the code."""
        with pytest.raises(Invalid) as caught:
            self.decide()
        found = caught.value.problems
        assert len(found) == len(places), found
        for place, each in zip(places, found, strict=True):
            assert place in (each.pointer, f"{each.pointer} {each.code}")


def given(aggregate: Aggregate[S], stream: str, *events: object) -> Case[S]:
    stamped = ((each, stamp(version, stream)) for version, each in enumerate(events, start=1))
    return Case(aggregate, aggregate.fold(stamped), events)


def _stream_of(state: Any) -> str:
    if state is None:
        return TASK_ID
    kind = type(state).__name__.lower()
    return str(getattr(state, f"{kind}_id", graph_of(state.workspace_id)))
