"""Taking a whole command back, while what it changed still stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from commands.differences import Place
from commands.inverse import Inverse, NoInverse, Undone
from commands.past import Change, read_past
from commands.work import Work
from domain.errors import Invalid, Kind, Refused, invalid
from domain.values.recorded import Recorded

# A command may have changed a thousand tasks; the first that were changed since tell enough.
_MOST_TOLD: Final = 100

Concerns = Callable[[Change], bool]


async def undo_at(
    work: Work, workspace_id: str, position: int, concerns: Concerns, what: str
) -> None:
    """Take back the command that recorded this position, where it changed what `concerns` is asked
    about, which `what` calls by name.

    Raises Invalid where it did not, and as `take_back`.
    """
    done = await work.command_at(workspace_id, position)
    past = await read_past(work, done)
    if not any(concerns(change) for change in past.values()):
        raise invalid("/position", f"This is no position of a change to this {what}.", "unknown")
    await take_back(work, done, past)


async def take_back(work: Work, done: Sequence[Recorded], past: Mapping[str, Change]) -> None:
    """Record what takes the events of a command back, the last first.

    Raises Refused(NOT_UNDOABLE) with what has changed since, and as the commands that it takes.
    """
    _require_inverses(work, done)
    if any(getattr(change.now, "purged", False) for change in past.values()):
        raise Refused(Kind.NOT_UNDOABLE, "This cannot be undone: a task of it was purged since.")
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
            made = inverse.of(undone)
            for command in made if isinstance(made, tuple) else (made,):
                await _run(work, command)
    if len(work.events) == recorded_before:
        raise _overtaken([(change, change.everything_since()) for change in past.values()])


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
