"""Move a card on its project's board: into a column or a status, directly beside another card."""

from commands.permissions import OnTask, visible_task
from commands.recurrence.next_task import NEXT_TASK
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.moving import status_events
from commands.task.on_task import open_task, record
from commands.task.respace_cards import RespaceCards
from commands.work import Work
from domain.errors import Invalid, invalid
from domain.project.board import Column, column_of
from domain.project.state import Project
from domain.project.workflow import allowed_from, known_status
from domain.task import decisions
from domain.task.events import TaskBlocked, TaskRanked, TaskStatusChanged, TaskUnblocked
from domain.task.state import Task, spaced_guard
from domain.values.frozen import dataclass
from domain.values.rank import LONG_RANK, fresh_rank, rank_between
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTask:
    """`before` and `after` are ids of tasks: the card lands directly before the one, directly
    after the other. Without either it goes to the end of its new status."""

    task_id: str
    status: str | None = None
    column_id: str | None = None
    before: str | None = None
    after: str | None = None


async def move_task(command: MoveTask, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    decisions.require_not_trashed(task)
    before = await _beside(work, task, command.before, "/before")
    after = await _beside(work, task, command.after, "/after")
    neighbour = after or before
    status = _target(command, task, project, neighbour)
    column = column_of(project.columns, status)
    for card, pointer in ((before, "/before"), (after, "/after")):
        if card is not None and card.status not in column.statuses:
            raise invalid(pointer, f"That card stands in another column than {column.name}.")
    if neighbour is None:
        if status != task.status:
            rank = fresh_rank(work.now, work.tail())
            record(work, task, await status_events(work, task, project, status, rank))
        return task.task_id
    lower, upper = await _gap(work, task, column, before, after)
    stays = (lower is None or lower < task.rank) and (upper is None or task.rank < upper)
    rank = task.rank if stays else rank_between(lower, upper, work.tail())
    if len(rank) >= LONG_RANK:
        work.afterwards(RespaceCards(project_id=project.project_id, task_id=task.task_id))
    if status != task.status:
        record(work, task, await status_events(work, task, project, status, rank))
    elif not stays:
        record(work, task, decisions.rerank(task, rank))
    return task.task_id


async def _beside(work: Work, task: Task, task_id: str | None, pointer: str) -> Task | None:
    if task_id is None:
        return None
    if task_id == task.task_id:
        raise invalid(pointer, "A card cannot stand beside itself.")
    card = await visible_task(work, task_id)
    if card is None or card.trashed or card.project_id != task.project_id:
        raise invalid(pointer, "There is no such card on this board.", "unknown")
    return card


def _target(command: MoveTask, task: Task, project: Project, neighbour: Task | None) -> str:
    """The status in which the card lands."""
    column = _named_column(command.column_id, project)
    if command.status is not None:
        status = known_status(project.workflow, command.status).key
        if column is not None and status not in column.statuses:
            raise invalid("/status", f"This status does not stand in the column {column.name}.")
        return status
    if column is None:
        if neighbour is None:
            raise _nothing_named()
        column = column_of(project.columns, neighbour.status)
        if task.status not in column.statuses:
            return neighbour.status
    if task.status in column.statuses:
        return task.status
    allowed = allowed_from(project.workflow, task.status)
    return next((key for key in column.statuses if key in allowed), column.statuses[0])


def _nothing_named() -> Invalid:
    return invalid("", "Say where to: status, column_id, before or after.", "incomplete")


def _named_column(column_id: str | None, project: Project) -> Column | None:
    if column_id is None:
        return None
    for column in project.columns:
        if column.column_id == column_id:
            return column
    raise invalid("/column_id", "There is no such column on this board.", "unknown")


async def _gap(
    work: Work, task: Task, column: Column, before: Task | None, after: Task | None
) -> tuple[str | None, str | None]:
    """The ranks between which the card lands.

    Ranks of cards that were named come from their own streams, which the commit asserts; that of
    the card on the other side from the board, no older than the log is now; that nobody gave it
    another rank in its place since then is asserted.
    """
    if before is not None and after is not None:
        if after.rank >= before.rank:
            raise invalid("/before", "That card stands before the one that `after` names.")
        return after.rank, before.rank
    beside = after or before
    assert beside is not None  # asked only where a card was named
    position = await work.head()
    work.guard(spaced_guard(task.project_id), position)
    lower, upper = await work.board.neighbours(
        task.project_id,
        column.statuses,
        task.task_id,
        beside.task_id,
        after is not None,
        position,
    )
    return (beside.rank, upper) if after is not None else (lower, beside.rank)


MOVE_TASK = CommandSpec(
    command=MoveTask,
    handler=move_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskStatusChanged, TaskRanked, TaskBlocked, TaskUnblocked, *NEXT_TASK),
    route="POST /tasks/{id}/move",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
