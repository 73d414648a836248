"""Take back what a bulk or a batch did, in one commit; what cannot be is left, and named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commands.inverses import INVERSES
from commands.past import Change, read_past
from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.undo_change import take_back
from commands.work import Work
from domain.errors import Kind, Refused
from domain.values.recorded import Recorded
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoChanges:
    """`changes` are positions of commands in the workspace, each with the task of which alone it
    is to be taken back; None: all of it. A refused one stands in the work's `refused`."""

    workspace_id: str
    changes: tuple[tuple[int, str | None], ...]


async def undo_changes(command: UndoChanges, work: Work) -> str:
    commands: dict[int, _Command] = {}
    for number, (position, task_id) in enumerate(command.changes):
        if position not in commands:
            recorded = await work.command_at(command.workspace_id, position)
            # Of many tasks each is changed once: what became of them is read at once.
            past = {} if task_id is None else await read_past(work, recorded)
            commands[position] = _Command(recorded, past)
        await work.part(number, _undo(commands[position], task_id, work))
    return command.workspace_id


@dataclass(frozen=True, slots=True)
class _Command:
    recorded: Sequence[Recorded]
    past: Mapping[str, Change]


async def _undo(command: _Command, task_id: str | None, work: Work) -> None:
    done = [each for each in command.recorded if task_id in (None, each.stream)]
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
