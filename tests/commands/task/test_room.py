"""Nobody gets past a limit of work in progress, whichever command brings the card in."""

import asyncio
from typing import Any

from commands.labels.create_label import CreateLabel
from commands.labels.merge_label import MergeLabel
from commands.project.change_columns import ChangeColumns
from commands.project.change_workflow import ChangeWorkflow
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.move_task import MoveTask
from commands.task.restore_task import RestoreTask
from commands.task.set_parent import SetParent
from commands.task.trash_task import TrashTask
from domain.errors import Kind, Refused
from domain.project.board import ColumnDraft
from domain.project.state import PROJECT
from domain.project.workflow import Status
from domain.task.state import TASK
from infra.ids import new_id
from tests.commands.refusals import refusal


async def limit(house: Any, *, swimlane: str | None = None, **limits: int) -> str:
    """The column of `in_progress` gets these limits; its id."""
    project = await house.executor.states.read(PROJECT, house.project_id)
    drafts = tuple(
        ColumnDraft(
            column_id=column.column_id,
            name=column.name,
            statuses=column.statuses,
            **(limits if column.statuses == ("in_progress",) else {}),
        )
        for column in project.columns
    )
    await house.run(
        house.ann,
        ChangeColumns(project_id=house.project_id, columns=drafts, swimlane=swimlane),
    )
    return next(each.column_id for each in project.columns if "in_progress" in each.statuses)


async def doing(house: Any, **given: Any) -> str:
    task = await house.task(status="in_progress", **given)
    return str(task.task_id)


async def full(awaitable: Any) -> dict[str, Any]:
    refused = await refusal(awaitable)
    assert refused.kind is Kind.WIP_LIMIT_REACHED
    return dict(refused.fields)


async def test_a_full_column_takes_no_card_whatever_brings_it(house: Any) -> None:
    trashed = await doing(house)
    await house.run(house.ann, TrashTask(task_id=trashed))
    waiting = (await house.task()).task_id
    column_id = await limit(house, wip_limit=2)
    one, two = await doing(house), await doing(house)
    told = {
        "limit": 2,
        "count": 2,
        "column": {"column_id": column_id, "name": "In progress"},
    }
    assert await full(house.task(status="in_progress")) == told
    for command in (
        ChangeStatus(task_id=waiting, status="in_progress"),
        MoveTask(task_id=waiting, before=one),
        RestoreTask(task_id=trashed),
    ):
        assert await full(house.run(house.ann, command)) == told
    await house.run(house.ann, MoveTask(task_id=two, before=one))
    await house.run(house.ann, TrashTask(task_id=one))
    await house.run(house.ann, RestoreTask(task_id=trashed))
    assert await full(house.run(house.ann, RestoreTask(task_id=one))) == told


async def test_each_lane_has_its_own_limit(house: Any) -> None:
    await limit(house, lane_wip_limit=1)
    await doing(house, assignee_id=house.ann)
    both = await doing(house, assignee_id=house.bob)
    nobodys = await doing(house)
    told = await full(house.task(status="in_progress", assignee_id=house.ann))
    assert (told["limit"], told["count"], told["lane"]) == (1, 1, house.ann)
    assert (await full(house.task(status="in_progress")))["lane"] is None
    shared = AssignTask(task_id=both, assignee_ids=(house.bob, house.ann))
    assert (await full(house.run(house.ann, shared)))["lane"] == house.ann
    taken = AssignTask(task_id=nobodys, assignee_ids=(house.admin,))
    await house.run(house.ann, taken)
    await doing(house)


async def test_lanes_are_told_apart_as_the_project_says(house: Any) -> None:
    await limit(house, swimlane="label", lane_wip_limit=1)
    await doing(house, tags=("red", "blue"))
    assert (await full(house.task(status="in_progress", tags=("green", "blue"))))["lane"] == "blue"
    await doing(house, tags=("green",))


async def test_merged_labels_are_one_lane(house: Any) -> None:
    await limit(house, swimlane="label", lane_wip_limit=1)
    bug, defect = new_id("lbl"), new_id("lbl")
    for label_id, name in ((bug, "bug"), (defect, "defect")):
        command = CreateLabel(workspace_id=house.workspace_id, name=name, label_id=label_id)
        await house.run(house.ann, command)
    await doing(house, tags=("bug",))
    other = await house.task(status="todo", tags=("defect",))
    merge = MergeLabel(workspace_id=house.workspace_id, label_id=bug, into=defect)
    await house.run(house.ann, merge)
    entering = ChangeStatus(task_id=other.task_id, status="in_progress")
    assert (await full(house.run(house.ann, entering)))["lane"] == "defect"


async def test_a_lane_of_subtasks_is_counted_by_their_parent(house: Any) -> None:
    await limit(house, swimlane="parent", lane_wip_limit=1)
    parent, other = await house.task(), await house.task()
    await doing(house, parent_task_id=parent.task_id)
    second = await house.task(parent_task_id=parent.task_id)
    entering = ChangeStatus(task_id=second.task_id, status="in_progress")
    assert (await full(house.run(house.ann, entering)))["lane"] == parent.task_id
    there = await doing(house, parent_task_id=other.task_id)
    under = SetParent(task_id=there, parent_task_id=parent.task_id)
    assert (await full(house.run(house.ann, under)))["lane"] == parent.task_id


async def test_a_lowered_limit_only_stops_what_comes_in(house: Any) -> None:
    one, two = await doing(house), await doing(house)
    await limit(house, wip_limit=1)
    await house.run(house.ann, MoveTask(task_id=one, after=two))
    assert (await full(house.task(status="in_progress")))["count"] == 2
    await house.run(house.ann, ChangeStatus(task_id=one, status="todo"))
    assert (await full(house.task(status="in_progress")))["count"] == 1


async def test_what_leaves_makes_room_in_the_same_commit(house: Any) -> None:
    await limit(house, wip_limit=1)
    one, other = await doing(house), (await house.task()).task_id
    await house.run(
        house.ann,
        ChangeStatus(task_id=other, status="in_progress"),
        ChangeStatus(task_id=one, status="todo"),
    )
    assert await full(house.run(house.ann, ChangeStatus(task_id=one, status="in_progress")))


async def test_a_workflow_takes_its_tasks_along_whatever_the_limit(house: Any) -> None:
    await limit(house, wip_limit=1)
    await doing(house)
    task = await house.task(status="in_review")
    keys = {"todo": "todo", "in_progress": "in_progress", "done": "done"}
    await house.run(
        house.ann,
        ChangeWorkflow(
            project_id=house.project_id,
            initial="todo",
            statuses=tuple(Status(key=k, name=k, category=c) for k, c in keys.items()),
            any_move=True,
            move_to={"in_review": "in_progress"},
        ),
    )
    assert (await house.executor.states.read(TASK, task.task_id)).status == "in_progress"
    assert (await full(house.task(status="in_progress")))["count"] == 2


async def test_however_they_race_the_limit_holds_and_is_used_up(house: Any) -> None:
    await limit(house, wip_limit=5)
    waiting = [(await house.task()).task_id for _ in range(10)]

    async def enter(nth: int) -> str:
        process = house if nth % 2 else house.other
        command = (
            CreateTask(title="New", project_id=house.project_id, status="in_progress")
            if nth % 3
            else ChangeStatus(task_id=waiting[nth // 3], status="in_progress")
        )
        try:
            await process.run(house.ann, command)
        except Refused as refused:
            return refused.kind
        return "in"

    outcomes = await asyncio.gather(*(enter(nth) for nth in range(30)))
    assert sorted(set(outcomes)) == ["in", Kind.WIP_LIMIT_REACHED]
    assert outcomes.count("in") == 5
