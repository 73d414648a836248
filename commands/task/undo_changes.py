"""Take back what a bulk or a batch did, in one commit; what cannot be is left, and named."""

from collections.abc import Mapping, Sequence
from typing import Final

from commands.inverses import INVERSES
from commands.past import Change, read_past
from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.undoing import take_back
from commands.work import Work
from domain.errors import Kind, Refused
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from domain.workspace.roles import Right

# The number of a part that is a whole command, and none of those asked for.
_WHOLE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoChanges:
    """`changes` are positions of commands in the workspace, each with the task of which alone it
    is to be taken back; None: all of it. A refused one stands in the work's `refused`.

    `whole`: of each command they are everything, so that it is taken back with all that came of
    it, a next task of a series as well; task by task only where that is refused.
    """

    workspace_id: str
    changes: tuple[tuple[int, str | None], ...]
    whole: bool = False


async def undo_changes(command: UndoChanges, work: Work) -> str:
    commands: dict[int, _Command] = {}
    undone = await _undo_whole(command, work) if command.whole else frozenset()
    for number, (position, task_id) in enumerate(command.changes):
        if position in undone:
            work.acted.add(number)
            continue
        if position not in commands:
            recorded = await work.command_at(command.workspace_id, position)
            # Of many tasks each is changed once: what became of them is read at once.
            past = {} if task_id is None else await read_past(work, recorded)
            commands[position] = _Command(recorded, past)
        await work.part(number, _undo(commands[position], task_id, work))
    return command.workspace_id


async def _undo_whole(command: UndoChanges, work: Work) -> frozenset[int]:
    """The positions of those commands that could be taken back as they are."""
    undone = set()
    for position in dict.fromkeys(position for position, _ in command.changes):
        recorded = await work.command_at(command.workspace_id, position)
        await work.part(_WHOLE, _undo(_Command(recorded, {}), None, work))
        if work.refused.pop(_WHOLE, None) is None:
            undone.add(position)
    work.acted.discard(_WHOLE)
    return frozenset(undone)


@dataclass(frozen=True, slots=True)
class _Command:
    recorded: Sequence[Recorded]
    past: Mapping[str, Change]


async def _undo(command: _Command, task_id: str | None, work: Work) -> None:
    done = [
        each
        for each in command.recorded
        if task_id in (None, each.stream, getattr(each.event, "task_id", None))
    ]
    if not done:
        raise Refused(Kind.NOT_UNDOABLE, "This cannot be undone: there is no such change.")
    past = command.past or await read_past(work, done)
    await take_back(work, done, {each.stream: past[each.stream] for each in done})


UNDO_CHANGES = CommandSpec(
    command=UndoChanges,
    handler=undo_changes,
    permission=InWorkspace(Right.VIEW_WORKSPACE),
    events=tuple(INVERSES),
    route="POST /jobs/{id}/undo",
    inverse=BY_EVENTS,
)
