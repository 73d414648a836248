"""Who blocks whom: what follows for the tasks behind a task that is finished, or no longer is.

Which tasks block a task, and whether one of them is unfinished, stands in its own stream; so a
task that depends on nothing costs nobody a look. This is done once for each command, after it has
decided, so that no command can forget it.
"""

from asyncio import gather
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from commands.permissions import visible_task
from commands.work import Work
from domain.project.workflow import FINISHED
from domain.task.decisions import settle_blocked
from domain.task.events import (
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskRestored,
    TaskStatusChanged,
    TaskTrashed,
)
from domain.task.state import TASK, Task

_READ_AT_ONCE: Final = 16


async def settle(work: Work, since: int) -> None:
    """Tell each task that became blocked or free by what was recorded after the first `since`
    events, in its own stream."""
    categories: dict[str, str] = {}
    turned: dict[str, None] = {}
    concerned: dict[str, dict[str, None]] = {}
    for new in work.events[since:]:
        match new.event:
            case TaskStatusChanged(category=category, was_category=was):
                categories[new.stream] = category
                if (category in FINISHED) != (was in FINISHED):
                    turned[new.stream] = None
            case TaskTrashed() | TaskRestored():
                turned[new.stream] = None
            case TaskDependencyAdded(relation="blocked_by", task_id=blocker):
                concerned.setdefault(new.stream, {})[blocker] = None
            case TaskDependencyRemoved(relation="blocked_by", task_id=blocker):
                concerned.setdefault(new.stream, {})[blocker] = None
    for task_id in turned:
        task = work.peek(TASK, task_id)
        for blocked in () if task is None else task.blocking:
            concerned.setdefault(blocked, {})[task_id] = None
    for task_id, because_of in concerned.items():
        work.meeting_points.add(task_id)
        blocked_task = await work.load(TASK, task_id)
        if blocked_task is not None and not blocked_task.purged:
            await _settle(work, blocked_task, tuple(because_of), categories)


async def _settle(
    work: Work, task: Task, because_of: Sequence[str], categories: Mapping[str, str]
) -> None:
    """Those that it is because of are looked at first: one of them unfinished is enough."""
    present = task.blocked_by
    first = [each for each in because_of if each in present]
    rest = [each for each in present if each not in because_of]
    holding = await _unfinished(work, first, categories)
    held = bool(holding) or bool(await _unfinished(work, rest, categories, enough=1))
    events = settle_blocked(task, held=held, because_of=holding or because_of)
    if events:
        work.record(TASK, task.workspace_id, task.task_id, *events)


async def unfinished_blockers(work: Work, task: Task) -> tuple[tuple[str, ...], int]:
    """Which unfinished tasks block this one: those that the caller may see, and how many more.
    Of a task that nothing blocks nothing is looked up."""
    if not task.is_blocked:
        return (), 0
    found = await _unfinished(work, task.blocked_by, {})
    seen = [each for each in found if await visible_task(work, each) is not None]
    return tuple(seen), len(found) - len(seen)


async def _unfinished(
    work: Work, task_ids: Iterable[str], categories: Mapping[str, str], enough: int | None = None
) -> list[str]:
    """Which of these tasks are not finished; `categories` are of statuses that a history gave
    them which this work has not folded. Many writers may meet at what is looked at here."""
    ids = list(task_ids)
    found: list[str] = []
    for start in range(0, len(ids), _READ_AT_ONCE):
        some = ids[start : start + _READ_AT_ONCE]
        work.meeting_points.update(some)
        tasks = await gather(*(work.load(TASK, each) for each in some))
        found.extend(
            task.task_id
            for task in tasks
            if task is not None and not _is_finished(task, categories)
        )
        if enough is not None and len(found) >= enough:
            break
    return found


def _is_finished(task: Task, categories: Mapping[str, str]) -> bool:
    return task.trashed or categories.get(task.task_id, task.status_category) in FINISHED
