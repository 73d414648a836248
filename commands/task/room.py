"""Nobody gets past a limit of work in progress, whichever command brings a card in.

It is looked at once for each commit, after everything in it was decided, so that no command can
forget it, and so that what leaves a column makes room for what enters it in the same commit.
Imported history is let in whatever the limits say, and so are the tasks that a changed workflow
takes along: their project may stand over its limit afterwards, and lets nothing more in.
"""

from collections.abc import Awaitable, Callable

from commands.work import Work
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.task.wip import Traffic, has_limits, refusal_of, traffic_of

TakeTurn = Callable[[str], Awaitable[object]]


async def require_room(work: Work, take_turn: TakeTurn) -> None:
    """Raises Refused(WIP_LIMIT_REACHED) where a limited column or lane would come to hold too
    many. What was counted is held until the commit by the column's guard."""
    if not any(has_limits(project) for project in work.present(PROJECT)):
        return
    changes: dict[str, list[tuple[Task | None, Task | None]]] = {}
    for before, after in work.changed(TASK):
        places = {task.project_id for task in (before, after) if task is not None}
        for project_id in places:
            changes.setdefault(project_id, []).append((before, after))
    for project_id in sorted(changes):
        project = work.peek(PROJECT, project_id)
        if project is None or work.is_changed(project_id):
            continue
        for traffic in traffic_of(project, changes[project_id]):
            if traffic.is_limited:
                await _require_room(work, project, traffic, changes[project_id], take_turn)


async def _require_room(
    work: Work,
    project: Project,
    traffic: Traffic,
    changes: list[tuple[Task | None, Task | None]],
    take_turn: TakeTurn,
) -> None:
    """Counted no earlier than the last card came in, and not before the project's last change:
    until then the column may have had no limit, and nobody left a trace.

    Who leaves leaves none either. So a column that seems full is counted once more as the log
    has it now, before anybody is refused.
    """
    guard = f"column:{project.project_id}:{traffic.column.column_id}"
    await take_turn(guard)
    refusal = None
    for position in (project.position, None):
        standing, seen = await work.board.standing(
            project.project_id,
            traffic.column.statuses,
            traffic.fuller_lanes,
            guard,
            await work.head() if position is None else position,
        )
        refusal = refusal_of(traffic, standing)
        if refusal is None:
            work.guard(guard, seen)
            break
    if refusal is not None:
        raise refusal
    for _, after in changes:
        if after is not None and after.status in traffic.column.statuses:
            work.touch(after.task_id, guard)
