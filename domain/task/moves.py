"""Where a task may go from where it stands, and why not where it may not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from domain.errors import Kind, Refused
from domain.project.fields import required_in
from domain.project.guards import CUSTOM, GUARDS, MoveFacts, refused_by
from domain.project.state import Project
from domain.project.workflow import (
    Guard,
    Status,
    Transition,
    moves_from,
    transition_between,
)
from domain.task.state import Task
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """Another status of the workflow; `refusal` says why the task may not go there, None where
    it may."""

    status: Status
    refusal: Refused | None


def ways_from(task: Task, project: Project, facts: MoveFacts) -> tuple[Way, ...]:
    """Every other status, in the workflow's order; `facts` are those of `guards_from`."""
    moves = moves_from(project.workflow, task.status)
    held = _with_held(facts, task)
    return tuple(
        Way(status, _refusal(task, project, status, moves.get(status.key), held))
        for status in project.workflow.statuses
        if status.key != task.status
    )


def refusal_of(task: Task, project: Project, status: Status, facts: MoveFacts) -> Refused | None:
    """Why a task may not go to another status; None where it may.

    `facts` must hold what the guards of this one move ask for.
    """
    move = transition_between(project.workflow, task.status, status.key)
    if move is not None and not move.guards and not project.fields:
        return None
    return _refusal(task, project, status, move, _with_held(facts, task))


def explained(refusal: Refused, task: Task, target: str, ways: Sequence[Way]) -> Refused:
    """The refusal of a move, with what is allowed instead and why the rest is not."""
    allowed = [way.status.key for way in ways if way.refusal is None]
    may = f"may go to {', '.join(allowed)}" if allowed else "may go nowhere now"
    return Refused(
        refusal.kind,
        f"{refusal.detail} A task in {task.status} {may}.",
        **{
            **refusal.fields,
            "from": task.status,
            "to": target,
            "allowed": allowed,
            "refused": [
                {"status": way.status.key, **reason(way.refusal)}
                for way in ways
                if way.refusal is not None
            ],
        },
    )


def reason(refusal: Refused) -> Mapping[str, Any]:
    """A refusal as one of several: its code, its words, and what goes with them."""
    return {"code": refusal.kind.value, "detail": refusal.detail, **refusal.fields}


def guards_to(task: Task, project: Project, status: str) -> tuple[Guard, ...]:
    """The guards of the move to another status; none where there is no such move."""
    move = transition_between(project.workflow, task.status, status)
    return () if move is None else move.guards


def guards_from(task: Task, project: Project) -> Iterator[Guard]:
    """The guards of all moves from where the task stands."""
    for move in moves_from(project.workflow, task.status).values():
        yield from move.guards


def guards_back(task: Task, project: Project, status: str) -> tuple[Guard, ...]:
    """The guards that hold for taking a move back: those of the move to where it came from, and
    where the workflow has none, those of all moves that lead there."""
    if transition_between(project.workflow, task.status, status) is not None:
        return guards_to(task, project, status)
    leading = (each for each in project.workflow.transitions if each.target == status)
    return tuple(guard for each in leading for guard in each.guards)


def refusal_back(task: Task, project: Project, status: Status, facts: MoveFacts) -> Refused | None:
    """Why a task may not go back to a status that it had; `facts` are those of `guards_back`."""
    held = _with_held(facts, task)
    guards = guards_back(task, project, status.key)
    return _guarded(guards, held) or unfilled(project, status, held.held)


def refusal_in(
    task: Task, project: Project, status: Status, guards: Iterable[Guard], facts: MoveFacts
) -> Refused | None:
    """Why a task may not come into a status of another project, past these guards."""
    held = _with_held(facts, task)
    return _guarded(guards, held) or unfilled(project, status, held.held)


def _with_held(facts: MoveFacts, task: Task) -> MoveFacts:
    return replace(facts, held=held_fields(task, facts.gone_tags))


def held_fields(task: Task, gone_tags: AbstractSet[str] = frozenset()) -> frozenset[str]:
    """Which fields hold something, custom ones with `fields.` before their key. What was erased
    is still there for this: nobody has to write it anew. `gone_tags` as in `MoveFacts`."""
    held = {
        "description": bool(task.description),
        "assignee_id": bool(task.assignee_ids),
        "due_date": task.due_date is not None,
        "start_date": task.start_date is not None,
        "estimate": task.estimate is not None,
        "tags": any(tag not in gone_tags for tag in task.tags),
        "parent_task_id": task.parent_task_id is not None,
    }
    custom = (f"{CUSTOM}{key}" for key, value in task.fields.items() if value not in (None, "", ()))
    return frozenset((*(name for name, there in held.items() if there), *custom))


def _refusal(
    task: Task, project: Project, status: Status, move: Transition | None, facts: MoveFacts
) -> Refused | None:
    if move is None:
        return Refused(
            Kind.TRANSITION_NOT_ALLOWED,
            f"The workflow has no move from {task.status} to {status.key}.",
        )
    return (
        _guarded(move.guards, facts)
        or unfilled(project, status, facts.held)
        or facts.no_room.get(status.key)
    )


def unfilled(project: Project, status: Status, held: AbstractSet[str]) -> Refused | None:
    """The project requires some of its own fields in a status, whatever leads there."""
    required = required_in(project.fields, project.workflow, status)
    missing = [name for key in required if (name := f"{CUSTOM}{key}") not in held]
    if not missing:
        return None
    detail = f"Required in {status.key}; fill these in first: {', '.join(missing)}."
    return refused_by("required-at", detail, missing)


def _guarded(guards: Iterable[Guard], facts: MoveFacts) -> Refused | None:
    for guard in guards:
        refusal = GUARDS[guard.name].check(guard.parameters, facts)
        if refusal is not None:
            return refusal
    return None
