"""Trees of tasks in a real database: the rows above a row, and what stands below a task."""

import random

import psycopg
import pytest

from domain.errors import Kind, Refused
from domain.task.events import TaskParentChanged, TaskStatusChanged, TaskTrashed
from infra.postgres.pool import Pool
from infra.postgres.views.ddl import relation
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.tree_queries import ViewTreeReader
from infra.postgres.views.waiting import ViewWaiter
from infra.processes.kept_rows import RowLimits
from projections.board import BOARD_VIEW
from projections.tasks import TASKS_VIEW
from tests.infra.views.written import Written
from tests.projections.history import History, made_id
from tests.projections.memory import folded
from tests.real import Database

TASKS = 40
VIEWS = (TASKS_VIEW, BOARD_VIEW)


class Wood:
    """A past of trees, made by chance without any ring."""

    def __init__(self, seed: int) -> None:
        self.past = History()
        self.chance = random.Random(seed)
        self.project = self.past.project(1, self.past.workspace(1))
        self.tasks: list[str] = []
        for number in range(1, TASKS + 1):
            # One long line, and a few beside it.
            parent = self.tasks[-1] if self.tasks and number < 30 else self.any_or_none()
            self.tasks.append(self.past.task(number, self.project, parent_task_id=parent))

    def any_or_none(self) -> str | None:
        return self.chance.choice([None, *self.tasks])

    def parent_of(self, task_id: str) -> str | None:
        return self.past.state_of(task_id).parent_task_id

    def line(self, task_id: str | None) -> list[str]:
        return [] if task_id is None else [task_id, *self.line(self.parent_of(task_id))]

    def below(self, task_id: str) -> set[str]:
        return {each for each in self.tasks if task_id in self.line(each)[1:]}

    def change(self) -> None:
        task_id, to = self.chance.choice(self.tasks), self.any_or_none()
        state = self.past.state_of(task_id)
        if task_id not in self.line(to) and self.chance.random() < 0.5:
            moved = TaskParentChanged(parent_task_id=to, was=state.parent_task_id)
            self.past.change(task_id, moved)
        elif self.chance.random() < 0.1:
            self.past.change(task_id, TaskTrashed())
        else:
            key = self.chance.choice(["todo", "done"])
            done = TaskStatusChanged(
                status=key, category=key, was=state.status, was_category="todo", rank="h1"
            )
            self.past.change(task_id, done)


@pytest.mark.parametrize("kept", [0, 3, 15, 1_000])
async def test_rows_above_are_found_however_few_are_in_memory(
    database: Database, written: Written, kept: int
) -> None:
    wood = Wood(kept)
    written.limits = RowLimits(kept, 10**9)
    for view in VIEWS:
        await written.answer_with(await written.another(view), view)
    for _ in range(40):
        for view in VIEWS:
            await written.write_to(view.name, wood.past)
        for _ in range(wood.chance.choice((1, 1, 2, 7))):
            wood.change()
    for view in VIEWS:
        await written.write_to(view.name, wood.past)
    with psycopg.connect(database.superuser_url) as connection:
        for view, table in zip(VIEWS, ("tasks", "cards"), strict=True):
            name = relation(view, view.table(table), 2)
            expected = folded(view, [wood.past.events]).stored[table]
            found = connection.execute(
                f"SELECT task_id, parent_task_id, progress_done, progress_total, doc FROM {name}"
            ).fetchall()
            assert {task_id: rest for task_id, *rest in found} == {
                task_id: [
                    row["parent_task_id"], row["progress_done"], row["progress_total"], row["doc"],
                ]
                for (task_id,), row in expected.items()
            }  # fmt: skip


async def test_what_stands_below_is_told_with_those_above_first(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    wood = Wood(7)
    for _ in range(60):
        wood.change()
    await written.write_to("tasks", wood.past)
    reader = ViewTreeReader(pool, pointers, ViewWaiter(pointers, patience_s=0.2))
    position, workspace = wood.past.position, made_id("ws", 1)
    for task_id in wood.tasks:
        found = await reader.descendants(workspace, task_id, position, 100)
        assert {each.task_id for each in found} == wood.below(task_id)
        for nth, each in enumerate(found):
            state = wood.past.state_of(each.task_id)
            assert (each.parent_task_id, each.status) == (state.parent_task_id, state.status)
            assert (each.project_id, each.trashed) == (state.project_id, state.trashed)
            assert wood.line(each.task_id).index(task_id) == each.level
            above = [one.task_id for one in found[:nth]]
            assert each.parent_task_id in [task_id, *above]
        some = await reader.descendants(workspace, task_id, position, 3)
        assert len(some) == min(3, len(found))
        assert await reader.descendants(made_id("ws", 2), task_id, position, 100) == []
    with pytest.raises(Refused) as caught:
        await reader.descendants(workspace, wood.tasks[0], position + 1, 100)
    assert caught.value.kind is Kind.VIEW_BEHIND
