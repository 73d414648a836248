"""Take a whole command back, while what it changed still stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from commands.differences import Place
from commands.inverses import INVERSES
from commands.past import Change, read_past
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec, Inverse, NoInverse, Undone
from commands.work import Work
from domain.errors import Invalid, Kind, Refused, invalid
from domain.task.state import TASK
from domain.values.recorded import Recorded
from domain.workspace.roles import Right

# A command may have changed a thousand tasks; the first that were changed since tell enough.
_MOST_TOLD: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoChange:
    """`position` is any one of the command, which changed this task or something of it."""

    task_id: str
    position: int


async def undo_change(command: UndoChange, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    done = await work.command_at(task.workspace_id, command.position)
    past = await read_past(work, done)
    if not any(_concerns(command.task_id, change) for change in past.values()):
        raise invalid("/position", "This is no position of a change to this task.", "unknown")
    await take_back(work, done, past)
    return task.task_id


async def take_back(work: Work, done: Sequence[Recorded], past: Mapping[str, Change]) -> None:
    """Record what takes the events of a command back, the last first.

    Raises Refused(NOT_UNDOABLE) with what has changed since, and as the commands that it takes.
    """
    _require_inverses(work, done)
    touched = {each.stream for each in done if _inverse(work, each) is not None}
    _require_standing([change for stream, change in past.items() if stream in touched])
    if work.origin.causation_id is None:
        work.origin = replace(work.origin, causation_id=done[0].command_id)
    recorded_before = len(work.events)
    for change in past.values():
        work.words.update(change.words())
    for recorded in reversed(done):
        change = past[recorded.stream]
        inverse = _inverse(work, recorded)
        # What was done to something new goes with it.
        if inverse is not None and (change.before is not None or recorded is change.done[0]):
            undone = Undone(recorded.stream, recorded.event, change.met(recorded))
            await _run(work, inverse.of(undone))
    if len(work.events) == recorded_before:
        raise _overtaken([(change, change.everything_since()) for change in past.values()])


def _concerns(task_id: str, change: Change) -> bool:
    """The task itself changed, or something that says that it is of this task."""
    if change.stream == task_id or getattr(change.after, "task_id", None) == task_id:
        return True
    return any(
        getattr(each.event, named.name) == task_id
        for each in change.done
        if each.event is not None
        for named in fields(each.event)
    )


def _require_inverses(work: Work, done: Sequence[Recorded]) -> None:
    for recorded in done:
        inverse = work.inverse_of(recorded.event)
        if isinstance(inverse, NoInverse):
            raise Refused(Kind.NOT_UNDOABLE, f"This cannot be undone: {inverse.reason}")


def _inverse(work: Work, recorded: Recorded) -> Inverse | None:
    inverse = work.inverse_of(recorded.event)
    return inverse if isinstance(inverse, Inverse) else None


def _require_standing(past: Iterable[Change]) -> None:
    overtaken = [(change, change.overtaken()) for change in past]
    if any(places for _, places in overtaken):
        raise _overtaken(overtaken)


def _overtaken(found: Iterable[tuple[Change, Mapping[Place, Recorded]]]) -> Refused:
    since: list[dict[str, Any]] = [
        {
            "id": change.stream,
            "field": str(place),
            "position": last.position,
            "actor": last.stamp.actor,
        }
        for change, places in found
        for place, last in places.items()
    ]
    names = ", ".join(dict.fromkeys(each["field"] for each in since[:_MOST_TOLD]))
    return Refused(
        Kind.NOT_UNDOABLE,
        f"This cannot be undone: changed since then: {names or 'all of it'}.",
        changed_since=since[:_MOST_TOLD],
    )


async def _run(work: Work, command: Any) -> None:
    try:
        await work.run(command)
    except Invalid as wrong:
        raise Refused(Kind.NOT_UNDOABLE, f"This cannot be undone: {wrong.detail}") from wrong
    except Refused as refused:
        if refused.kind is Kind.NOT_FOUND:
            raise Refused(
                Kind.FORBIDDEN, "It changed what you may not see as well; ask an admin to undo it."
            ) from refused
        raise


UNDO_CHANGE = CommandSpec(
    command=UndoChange,
    handler=undo_change,
    permission=OnTask(Right.VIEW_PROJECT),
    events=tuple(INVERSES),
    route="POST /tasks/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
