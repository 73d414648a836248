"""Nobody gets past a limit of work in progress, whichever command brings a card in.

It is looked at once for each commit, after everything in it was decided, so that no command can
forget it, and so that what leaves a column makes room for what enters it in the same commit.
Imported history is let in whatever the limits say, and so are the tasks that a changed workflow
takes along: their project may stand over its limit afterwards, and lets nothing more in.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from commands.work import Work
from domain.errors import Refused
from domain.labels.state import LABELS, Labels, labels_of
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.task.wip import Traffic, has_limits, held_lanes, refusal_of, traffic_of
from domain.values.evolved import evolved
from domain.values.frozen import dataclass

TakeTurn = Callable[[str], Awaitable[object]]


async def require_room(work: Work, take_turn: TakeTurn) -> None:
    """Raises Refused(WIP_LIMIT_REACHED) where a limited column or lane would come to hold too
    many. What was counted is held until the commit by the column's guard."""
    if not any(map(has_limits, work.present(PROJECT))):
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
        labels = await _labels(work, project)
        for traffic in traffic_of(project, changes[project_id], labels):
            if traffic.is_limited:
                entering = _Entering(project, traffic, changes[project_id], labels)
                await _require_room(work, entering, take_turn)


async def no_room(
    work: Work, project: Project, task: Task, statuses: Iterable[str]
) -> Mapping[str, Refused]:
    """The statuses for which a task's card finds no room now, and what a move would be refused
    with. Nothing is held: it may be otherwise a moment later."""
    if not has_limits(project):
        return {}
    labels = await _labels(work, project)
    position = await work.head()
    refused: dict[str, Refused] = {}
    for status in statuses:
        for traffic in traffic_of(project, [(task, evolved(task, status=status))], labels):
            if traffic.is_limited:
                refusal, _ = await _counted(work, project, traffic, labels, position)
                if refusal is not None:
                    refused[status] = refusal
    return refused


class LanesLeft:
    """Room in lanes for cards that come into them one after another, within one command that
    rather leaves some out than be refused as a whole. Nothing is held: `require_room` looks at
    what the command has decided like at any other."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._left: dict[tuple[str, str], int] = {}

    async def take(self, project: Project, before: Task, after: Task) -> bool:
        """Whether a card that stays in its column finds room in the lanes that it comes into;
        then it has taken it."""
        if not has_limits(project):
            return True
        labels = await _labels(self._work, project)
        entered = []
        for traffic in traffic_of(project, [(before, after)], labels):
            if traffic.column.lane_wip_limit is not None and traffic.fuller_lanes:
                entered += await self._entered(project, traffic, labels)
        if any(self._left[lane] <= 0 for lane in entered):
            return False
        for lane in entered:
            self._left[lane] -= 1
        return True

    async def _entered(
        self, project: Project, traffic: Traffic, labels: Labels | None
    ) -> list[tuple[str, str]]:
        """The lanes that a card comes into, each with its room known."""
        column = traffic.column
        lanes = {lane: (column.column_id, lane) for lane in traffic.fuller_lanes}
        new = {
            lane: held_lanes(lane, labels) for lane, key in lanes.items() if key not in self._left
        }
        if new:
            guard, head = _guard(project, traffic), await self._work.head()
            standing, _ = await self._work.board.standing(
                project.project_id, column.statuses, new, guard, head
            )
            for lane in new:
                there = standing.lanes.get(lane, 0)
                self._left[lanes[lane]] = (column.lane_wip_limit or 0) - there
        return list(lanes.values())


async def _labels(work: Work, project: Project) -> Labels | None:
    if project.swimlane != "label":
        return None
    return await work.glimpse(LABELS, labels_of(project.workspace_id))


async def _counted(
    work: Work, project: Project, traffic: Traffic, labels: Labels | None, position: int
) -> tuple[Refused | None, int]:
    """What refuses to let the cards in, and the position as of which it was counted."""
    standing, seen = await work.board.standing(
        project.project_id,
        traffic.column.statuses,
        {lane: held_lanes(lane, labels) for lane in traffic.fuller_lanes},
        _guard(project, traffic),
        position,
    )
    return refusal_of(traffic, standing, labels), seen


def _guard(project: Project, traffic: Traffic) -> str:
    return f"column:{project.project_id}:{traffic.column.column_id}"


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
    guard = _guard(project, traffic)
    await take_turn(guard)
    refusal = None
    for position in (project.position, None):
        at = await work.head() if position is None else position
        refusal, seen = await _counted(work, project, traffic, entering.labels, at)
        if refusal is None:
            work.guard(guard, seen)
            break
    if refusal is not None:
        raise refusal
    for _, after in entering.changes:
        if after is not None and after.status in traffic.column.statuses:
            work.touch(after.task_id, guard)
