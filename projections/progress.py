"""How much of what stands below a task is done, counted up through all the tasks above it.

What counts are all tasks below, on all levels, that are neither in the trash nor cancelled; done
are those whose status is so in the present workflow of their project. A row holds the sums of what
stands below it, so a change of one task adds the same to each row above it, and where a task moves
with all that is below it, the rows below stay as they are.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from domain.project.events import ProjectWorkflowChanged
from domain.task.events import (
    TaskCreated,
    TaskParentChanged,
    TaskRestored,
    TaskStatusChanged,
    TaskTrashed,
)
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded

from .projection import Climb, Rows, Scan


class Counted(Protocol):
    """A row of a task, by its id. `parent_task_id` is stored, and read back."""

    task_id: str
    workspace_id: str
    parent_task_id: str | None
    progress_done: int
    progress_total: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a task itself adds to those above it, and which one stands directly above it."""

    parent_task_id: str | None = None
    done: int = 0
    total: int = 0

    @classmethod
    def of(cls, parent_task_id: str, category: str | None, *, trashed: bool) -> "Share":
        """`category`: that of the task's status in its project's present workflow."""
        if trashed or category == "cancelled":
            return cls(parent_task_id)
        return cls(parent_task_id, int(category == "done"), 1)


NO_SHARE = Share()


class Tally:
    """Keeps the sums in one table of a view; `make(task_id, workspace_id)` gives the row of a task
    that is not there yet. `climbs` are the view's own for it."""

    def __init__(self, table: str, make: Callable[[str, str], Counted]) -> None:
        self._table = table
        self._make = make
        self.climbs: Mapping[type, Callable[[Recorded], Iterable[Climb]]] = {
            TaskCreated: self._above_new,
            TaskParentChanged: self._above_both,
            **dict.fromkeys((TaskStatusChanged, TaskTrashed, TaskRestored), self._above),
        }

    def scan(self, column: str, value: str) -> Scan:
        """Rows that may all count otherwise, and those above them."""
        return Scan(self._table, column, value, climb="parent_task_id")

    def shift(self, rows: Rows, row: Counted, before: Share, after: Share) -> None:
        """What the task adds to those above it was `before` and is `after` now."""
        if before is after or before == after:
            return
        if before.parent_task_id == after.parent_task_id:
            done, total = after.done - before.done, after.total - before.total
            self._add(rows, row, after.parent_task_id, done, total)
            return
        done, total = row.progress_done, row.progress_total
        self._add(rows, row, before.parent_task_id, -before.done - done, -before.total - total)
        self._add(rows, row, after.parent_task_id, after.done + done, after.total + total)

    def _add(
        self, rows: Rows, row: Counted, parent_task_id: str | None, done: int, total: int
    ) -> None:
        # While events of a parked stream are missing, rows may stand in a ring.
        been: set[str] = set()
        while parent_task_id is not None and parent_task_id not in been and (done or total):
            been.add(parent_task_id)
            above: Counted = rows.get(self._table, parent_task_id) or self._make(
                parent_task_id, row.workspace_id
            )
            above.progress_done += done
            above.progress_total += total
            rows.put(self._table, above)
            parent_task_id = above.parent_task_id

    def _above(self, recorded: Recorded) -> Iterable[Climb]:
        return (self._climb(recorded.stamp.stream),)

    def _above_new(self, recorded: Recorded) -> Iterable[Climb]:
        event: TaskCreated = recorded.event
        return () if event.parent_task_id is None else (self._climb(event.parent_task_id),)

    def _above_both(self, recorded: Recorded) -> Iterable[Climb]:
        event: TaskParentChanged = recorded.event
        above = () if event.parent_task_id is None else (self._climb(event.parent_task_id),)
        return (self._climb(recorded.stamp.stream), *above)

    def _climb(self, task_id: str) -> Climb:
        return Climb(self._table, "parent_task_id", task_id)


def recategorised(event: ProjectWorkflowChanged) -> bool:
    """Whether a status that stays comes into another category, and its tasks count otherwise."""
    before = {status.key: status.category for status in event.was.statuses}
    return any(
        before.get(status.key, status.category) != status.category
        for status in event.workflow.statuses
    )
