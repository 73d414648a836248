"""Propose that something is kept, or is not any more; another person approves."""

from datetime import datetime

from commands.custody.over_custody import OverCustody, require_person
from commands.custody.places import loaded_custody
from commands.inverse import NoInverse
from commands.permissions import InNamedWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.custody import decisions
from domain.custody.events import (
    HoldKept,
    HoldLifted,
    HoldLiftProposed,
    HoldProposed,
    HoldSet,
    HoldWithdrawn,
)
from domain.custody.state import CUSTODY, custody_of
from domain.errors import invalid
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.values.ids import checked_id
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeHold:
    """On one of a person, a project and a period. `hold_id` is one that the client made.
    `was_here`: the person was, or has written, as the door found, and may have left since."""

    workspace_id: str
    hold_id: str
    reason: str
    user_id: str | None = None
    was_here: bool = False
    project_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold:
    workspace_id: str
    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveHold:
    """Of setting it or of lifting it, whichever is proposed."""

    workspace_id: str
    hold_id: str


async def propose_hold(command: ProposeHold, work: Work) -> str:
    require_person(work, command.workspace_id)
    custody = await loaded_custody(work, command.workspace_id)
    workspace = work.seen(WORKSPACE, command.workspace_id)
    known = command.was_here or command.user_id in {
        None,
        *workspace.members,
        *workspace.suspended,
    }
    if not known:
        raise invalid("/user_id", "There is no such person, or you may not see them.", "unknown")
    if command.project_id is not None:
        project = await work.load(PROJECT, command.project_id)
        if project is None or project.workspace_id != command.workspace_id:
            raise invalid("/project_id", "Must be a project of this workspace.", "unknown")
    hold_id = checked_id(command.hold_id, "hold", "/hold_id")
    events = decisions.propose_hold(
        custody,
        hold_id=hold_id,
        user_id=command.user_id,
        project_id=command.project_id,
        since=command.since,
        until=command.until,
        why=command.reason,
        limits=work.limits,
    )
    stream = custody_of(command.workspace_id)
    work.record(CUSTODY, command.workspace_id, stream, *events)
    return stream


async def lift_hold(command: LiftHold, work: Work) -> str:
    require_person(work, command.workspace_id)
    custody = await loaded_custody(work, command.workspace_id)
    events = decisions.lift_hold(custody, command.hold_id)
    stream = custody_of(command.workspace_id)
    work.record(CUSTODY, command.workspace_id, stream, *events)
    return stream


async def approve_hold(command: ApproveHold, work: Work) -> str:
    require_person(work, command.workspace_id)
    custody = await loaded_custody(work, command.workspace_id)
    events = decisions.approve_hold(custody, command.hold_id, work.actor)
    stream = custody_of(command.workspace_id)
    work.record(CUSTODY, command.workspace_id, stream, *events)
    return stream


PROPOSE_HOLD = CommandSpec(
    command=ProposeHold,
    handler=propose_hold,
    permission=InNamedWorkspace(Right.MANAGE_MEMBERS),
    events=(HoldProposed, HoldKept),
    route="PUT /holds/{id}",
    inverse=NoInverse("propose to lift the hold instead."),
    writes=lambda command: custody_of(command.workspace_id),
)
LIFT_HOLD = CommandSpec(
    command=LiftHold,
    handler=lift_hold,
    permission=OverCustody(Right.MANAGE_MEMBERS, "hold"),
    events=(HoldWithdrawn, HoldLiftProposed),
    route="DELETE /holds/{id}",
    inverse=NoInverse("propose the hold again."),
    writes=lambda command: custody_of(command.workspace_id),
)
APPROVE_HOLD = CommandSpec(
    command=ApproveHold,
    handler=approve_hold,
    permission=OverCustody(Right.MANAGE_MEMBERS, "hold"),
    events=(HoldSet, HoldLifted),
    route="POST /holds/{id}/approval",
    inverse=NoInverse("propose the other one instead."),
    writes=lambda command: custody_of(command.workspace_id),
)
