"""Nobody gets past a limit of work in progress, whichever command brings a card in.

It is looked at once for each commit, after everything in it was decided, so that no command can
forget it, and so that what leaves a column makes room for what enters it in the same commit.
Imported history is let in whatever the limits say, and so are the tasks that a changed workflow
takes along: their project may stand over its limit afterwards, and lets nothing more in.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from commands.work import Work
from domain.labels.state import LABELS, Labels, labels_of
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.task.wip import Traffic, has_limits, held_lanes, refusal_of, traffic_of

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
        labels = None
        if project.swimlane == "label":
            labels = await work.glimpse(LABELS, labels_of(project.workspace_id))
        for traffic in traffic_of(project, changes[project_id], labels):
            if traffic.is_limited:
                entering = _Entering(project, traffic, changes[project_id], labels)
                await _require_room(work, entering, take_turn)


@dataclass(frozen=True, slots=True)
class _Entering:
    """What comes into one column."""

    project: Project
    traffic: Traffic
    changes: Sequence[tuple[Task | None, Task | None]]
    labels: Labels | None


async def _require_room(work: Work, entering: _Entering, take_turn: TakeTurn) -> None:
    """Counted no earlier than the last card came in, and not before the project's last change:
    until then the column may have had no limit, and nobody left a trace.

    Who leaves leaves none either. So a column that seems full is counted once more as the log
    has it now, before anybody is refused.
    """
    project, traffic = entering.project, entering.traffic
    guard = f"column:{project.project_id}:{traffic.column.column_id}"
    await take_turn(guard)
    refusal = None
    for position in (project.position, None):
        standing, seen = await work.board.standing(
            project.project_id,
            traffic.column.statuses,
            {lane: held_lanes(lane, entering.labels) for lane in traffic.fuller_lanes},
            guard,
            await work.head() if position is None else position,
        )
        refusal = refusal_of(traffic, standing, entering.labels)
        if refusal is None:
            work.guard(guard, seen)
            break
    if refusal is not None:
        raise refusal
    for _, after in entering.changes:
        if after is not None and after.status in traffic.column.statuses:
            work.touch(after.task_id, guard)
