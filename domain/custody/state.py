"""What a workspace is asked to forget and what it must keep, as its events leave it.

One stream a workspace: whoever approves of an erasure asserts that no hold was set meanwhile, and
whoever sets one, that nothing was approved.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.aggregate import Aggregate
from domain.custody.events import (
    ErasureApproved,
    ErasureAsked,
    ErasureCarriedOut,
    ErasureCompleted,
    ErasureWithdrawn,
    HoldKept,
    HoldLifted,
    HoldLiftProposed,
    HoldProposed,
    HoldSet,
    HoldWithdrawn,
)
from domain.values.evolved import evolved, touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun
from domain.values.text import Text


class ErasureState(StrEnum):
    ASKED = "asked"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    CARRIED_OUT = "carried_out"
    COMPLETED = "completed"


class HoldState(StrEnum):
    """`LIFTING`: it stands, and somebody has proposed to lift it."""

    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    STANDING = "standing"
    LIFTING = "lifting"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who did something, when, and where the log has it."""

    by: str
    at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """`steps`: each stage that it has come to, how it came there. `operator`: who approved for
    want of anybody else."""

    erasure_id: str
    user_id: str
    content: bool
    everywhere: bool
    why: Text | None
    stage: ErasureState
    steps: Mapping[str, Step]
    places: tuple[str, ...] = ()
    operator: Text | None = None
    key_ids: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    views: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Neither withdrawn nor at its end."""
        return self.stage not in (ErasureState.WITHDRAWN, ErasureState.COMPLETED)

    @property
    def asked_by(self) -> str:
        return self.steps[ErasureState.ASKED].by


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """On one of a person, a project and a time. `proposed_by`: of what waits for an approval."""

    hold_id: str
    user_id: str | None
    project_id: str | None
    since: datetime | None
    until: datetime | None
    why: Text
    stage: HoldState
    proposed_by: str
    steps: Mapping[str, Step]

    @property
    def stands(self) -> bool:
        return self.stage in (HoldState.STANDING, HoldState.LIFTING)

    @property
    def is_open(self) -> bool:
        """It stands, or may come to."""
        return self.stands or self.stage is HoldState.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody(StreamState):
    """Erasures and holds of a workspace by their ids, in the order in which they came."""

    erasures: Mapping[str, Erasure] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)

    def since(self, named: str) -> int | None:
        """From which position on there is an erasure or a hold of this id; None: there is none."""
        if named in self.erasures:
            return self.erasures[named].steps[ErasureState.ASKED].position
        if named in self.holds:
            return self.holds[named].steps[HoldState.PROPOSED].position
        return None

    def standing(self) -> Iterable[Hold]:
        return (hold for hold in self.holds.values() if hold.stands)


def custody_of(workspace_id: str) -> str:
    """The stream of a workspace's erasures and holds."""
    return beside("custody", workspace_id)


def evolve(state: Custody | None, event: object, stamp: Stamp) -> Custody | None:
    if state is None:
        if not isinstance(event, ErasureAsked | HoldProposed):
            return None
        state = begun(Custody, stamp)
    step = Step(by=stamp.actor, at=stamp.at, position=stamp.position)
    match event:
        case ErasureAsked():
            asked = Erasure(
                erasure_id=event.erasure_id,
                user_id=event.user_id,
                content=event.content,
                everywhere=event.everywhere,
                why=event.why,
                stage=ErasureState.ASKED,
                steps={ErasureState.ASKED: step},
            )
            return touched(state, stamp, erasures={**state.erasures, asked.erasure_id: asked})
        case ErasureWithdrawn():
            return _erasure(state, event, stamp, ErasureState.WITHDRAWN)
        case ErasureApproved():
            return _erasure(
                state,
                event,
                stamp,
                ErasureState.APPROVED,
                places=event.places,
                operator=event.operator,
            )
        case ErasureCarriedOut():
            return _erasure(
                state,
                event,
                stamp,
                ErasureState.CARRIED_OUT,
                key_ids=event.key_ids,
                counts=event.counts,
                why=None,
            )
        case ErasureCompleted():
            return _erasure(state, event, stamp, ErasureState.COMPLETED, views=event.views)
        case HoldProposed():
            hold = Hold(
                hold_id=event.hold_id,
                user_id=event.user_id,
                project_id=event.project_id,
                since=event.since,
                until=event.until,
                why=event.why,
                stage=HoldState.PROPOSED,
                proposed_by=stamp.actor,
                steps={HoldState.PROPOSED: step},
            )
            return touched(state, stamp, holds={**state.holds, hold.hold_id: hold})
        case HoldWithdrawn():
            return _hold(state, event, stamp, HoldState.WITHDRAWN)
        case HoldSet():
            return _hold(state, event, stamp, HoldState.STANDING)
        case HoldLiftProposed():
            return _hold(state, event, stamp, HoldState.LIFTING, proposed_by=stamp.actor)
        case HoldKept():
            return _hold(state, event, stamp, HoldState.STANDING)
        case HoldLifted():
            return _hold(state, event, stamp, HoldState.LIFTED)
        case _:
            return touched(state, stamp)


def _erasure(
    state: Custody, event: Any, stamp: Stamp, to: ErasureState, **changes: object
) -> Custody:
    erasure = state.erasures.get(event.erasure_id)
    if erasure is None:
        return touched(state, stamp)
    step = Step(by=stamp.actor, at=stamp.at, position=stamp.position)
    changed = evolved(erasure, stage=to, steps={**erasure.steps, to: step}, **changes)
    return touched(state, stamp, erasures={**state.erasures, event.erasure_id: changed})


def _hold(state: Custody, event: Any, stamp: Stamp, to: HoldState, **changes: object) -> Custody:
    hold = state.holds.get(event.hold_id)
    if hold is None:
        return touched(state, stamp)
    step = Step(by=stamp.actor, at=stamp.at, position=stamp.position)
    changed = evolved(hold, stage=to, steps={**hold.steps, to: step}, **changes)
    return touched(state, stamp, holds={**state.holds, event.hold_id: changed})


CUSTODY = Aggregate("custody", evolve)
