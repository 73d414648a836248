"""A task that moves to another project: its key, what it keeps, and what it may not pass by."""

import asyncio
from typing import Any

import pytest

from commands.project.add_member import AddProjectMember
from commands.project.archive_project import ArchiveProject
from commands.project.change_columns import ChangeColumns
from commands.project.change_fields import ChangeFields
from commands.project.change_types import ChangeTypes
from commands.project.change_workflow import ChangeWorkflow
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.edit_task import EditTask
from commands.task.move_to_project import MoveToProject
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from commands.workspace.create_workspace import CreateWorkspace
from domain.errors import Kind
from domain.project.board import ColumnDraft
from domain.project.fields import FieldDraft
from domain.project.types import TaskType
from domain.project.workflow import Guard, Status, Transition
from domain.task.events import TaskMovedToProject
from domain.task.state import TASK, Task
from infra.ids import new_id
from tests.commands.refusals import pointers, refusal

SHIPPING = (
    Status(key="new", name="New", category="todo"),
    Status(key="in_progress", name="Doing", category="in_progress"),
    Status(key="shipped", name="Shipped", category="done"),
)


@pytest.fixture
async def ops(house: Any) -> str:
    """A second project, with another workflow and one of the fields."""
    project_id = (await house.project(key="OPS", name="Operations")).project_id
    await house.run(
        house.ann,
        ChangeWorkflow(
            project_id=project_id,
            initial="new",
            statuses=SHIPPING,
            transitions=(
                Transition(
                    source="new",
                    target="shipped",
                    guards=(Guard(name="fields-present", parameters={"fields": ["estimate"]}),),
                ),
            ),
        ),
    )
    return str(project_id)


async def move(house: Any, task: Task, project_id: str, actor: str = "", **how: Any) -> Task:
    command = MoveToProject(task_id=task.task_id, project_id=project_id, **how)
    moved: Task = (await house.run(actor or house.ann, command)).state(TASK)
    return moved


async def fields(house: Any, project_id: str, **types: str) -> None:
    drafts = tuple(
        FieldDraft(key=key, name=key, type=kind, options=("S", "L") if kind == "choice" else ())
        for key, kind in types.items()
    )
    await house.run(house.ann, ChangeFields(project_id=project_id, fields=drafts))


async def test_it_draws_a_key_there_and_remembers_those_it_had(house: Any, ops: str) -> None:
    await house.task()
    task = await house.task()
    await house.task(project_id=ops)
    moved = await move(house, task, ops)
    assert (moved.key, moved.former_keys) == ("OPS-2", ("WEB-2",))
    back = await move(house, moved, house.project_id)
    assert (back.key, back.former_keys) == ("WEB-3", ("WEB-2", "OPS-2"))
    assert (await house.task()).key == "WEB-4"


@pytest.mark.parametrize(
    ("status", "wanted", "there"),
    [
        ("todo", None, "new"),
        ("in_progress", None, "in_progress"),
        ("in_review", None, "in_progress"),
        ("done", None, "shipped"),
        ("todo", "Doing", "in_progress"),
    ],
)
async def test_its_status_is_the_one_that_corresponds(
    house: Any, ops: str, status: str, wanted: str | None, there: str
) -> None:
    task = await house.task(status=status)
    moved = await move(house, task, ops, status=wanted)
    category = next(each.category for each in SHIPPING if each.key == there)
    assert (moved.status, moved.status_category) == (there, category)


async def test_a_status_without_a_counterpart_has_to_be_named(house: Any, ops: str) -> None:
    task = await house.task(status="cancelled")
    moving = MoveToProject(task_id=task.task_id, project_id=ops)
    assert await pointers(house.run(house.ann, moving)) == ["/status"]
    assert await pointers(move(house, task, ops, status="todo")) == ["/status"]
    assert (await move(house, task, ops, status="new")).status == "new"


async def test_guards_hold_for_who_gets_further_by_moving(house: Any, ops: str) -> None:
    task = await house.task()
    told = await refusal(move(house, task, ops, status="shipped"))
    assert (told.kind, told.fields["missing"]) == (Kind.GUARD_REFUSED, ["estimate"])
    ready = await house.task(estimate=3.0)
    assert (await move(house, ready, ops, status="shipped")).status == "shipped"


async def test_what_has_no_counterpart_is_dropped_and_named(house: Any, ops: str) -> None:
    await fields(house, house.project_id, size="choice", note="text", due="date", owner="user")
    await fields(house, ops, size="choice", note="text", due="text")
    given = {"size": "L", "note": "Ask", "due": "2026-03-01", "owner": house.bob}
    task = await house.task(fields={"size": "L", "note": "Ask"})
    await house.run(house.bob, EditTask(task_id=task.task_id, fields=given))
    private = await house.project(key="PRIV", is_private=True)
    await fields(house, private.project_id, size="choice", note="number", owner="user")
    moved = await move(house, task, ops)
    assert moved.fields == {"size": "L", "note": "Ask", "due": "2026-03-01"}
    event = (await house.events(task.task_id))[-1]
    assert isinstance(event, TaskMovedToProject)
    assert (event.dropped_fields, event.unassigned) == (("owner",), ())
    await house.run(
        house.ann, AssignTask(task_id=task.task_id, assignee_ids=(house.bob, house.ann))
    )
    moved = await move(house, task, private.project_id)
    assert (moved.fields, moved.assignee_ids) == ({"size": "L"}, (house.ann,))
    event = (await house.events(task.task_id))[-1]
    assert (event.dropped_fields, event.unassigned) == (("note", "due"), (house.bob,))


async def test_what_the_other_project_requires_is_there_or_named(house: Any, ops: str) -> None:
    def definitions(default: str | None) -> tuple[FieldDraft, ...]:
        sizes = {"type": "choice", "options": ("S", "L")}
        return (
            FieldDraft(key="size", name="Size", required_at=("todo",), default=default, **sizes),
        )

    await house.run(house.ann, ChangeFields(project_id=ops, fields=definitions(None)))
    bug = await house.task(type="bug")
    told = await refusal(move(house, bug, ops))
    assert (told.kind, told.fields["missing"]) == (Kind.GUARD_REFUSED, ["fields.size"])
    assert (await move(house, bug, ops, status="in_progress")).fields == {}
    await house.run(house.ann, ChangeFields(project_id=ops, fields=definitions("S")))
    types = ChangeTypes(project_id=ops, types=(TaskType(key="incident", name="Incident"),))
    await house.run(house.ann, types)
    other = await house.task(type="bug")
    moved = await move(house, other, ops)
    assert (moved.fields, moved.type) == ({"size": "S"}, "incident")
    event = (await house.events(other.task_id))[-1]
    assert (event.dropped_fields, event.dropped_types) == ((), ("bug",))


async def test_a_move_is_undone_whole(house: Any, ops: str) -> None:
    await fields(house, house.project_id, size="choice")
    task = await house.task(fields={"size": "L"}, status="in_review")
    moved = await move(house, task, ops)
    assert (moved.fields, moved.status) == ({}, "in_progress")
    undo = UndoChange(task_id=task.task_id, position=moved.position)
    back: Task = (await house.run(house.ann, undo)).state(TASK)
    assert (back.key, back.status, back.fields) == ("WEB-2", "in_review", {"size": "L"})


async def test_what_stands_below_goes_along(house: Any, ops: str) -> None:
    await fields(house, house.project_id, size="choice")
    third = (await house.project(key="THIRD")).project_id
    top = await house.task(parent_task_id=(await house.task()).task_id)
    child = await house.task(parent_task_id=top.task_id, fields={"size": "L"}, status="cancelled")
    trashed = await house.task(parent_task_id=top.task_id)
    await house.run(house.ann, TrashTask(task_id=trashed.task_id))
    elsewhere = await house.task(parent_task_id=top.task_id, project_id=third)
    grandchild = await house.task(parent_task_id=child.task_id, status="done")
    assert await pointers(move(house, top, ops)) == ["/status"]
    await move(house, top, ops, status="in_progress")

    async def now(task: Task) -> Task:
        state: Task = await house.executor.states.read(TASK, task.task_id)
        return state

    assert (await now(top)).parent_task_id == top.parent_task_id
    there = [await now(each) for each in (top, child, trashed, grandchild)]
    assert sorted(each.key for each in there) == [f"OPS-{n}" for n in (1, 2, 3, 4)]
    assert [each.status for each in there] == ["in_progress", "in_progress", "new", "shipped"]
    assert (await now(trashed)).trashed
    assert (await now(elsewhere)).key == "THIRD-1"
    event = (await house.events(top.task_id))[-1]
    assert (event.with_task_id, event.dropped_fields) == (None, ("size",))
    assert (await house.events(grandchild.task_id))[-1].with_task_id == top.task_id
    await move(house, await now(child), house.project_id)
    assert [(await now(each)).project_key for each in (top, child, grandchild)] == [
        "OPS",
        "WEB",
        "WEB",
    ]


async def test_what_went_along_comes_back_by_undoing(house: Any, ops: str) -> None:
    await fields(house, house.project_id, size="choice")
    top = await house.task(status="in_review")
    child = await house.task(parent_task_id=top.task_id, fields={"size": "L"})
    grandchild = await house.task(parent_task_id=child.task_id)
    moved = await move(house, top, ops)
    await house.run(house.ann, UndoChange(task_id=top.task_id, position=moved.position))
    after = [
        await house.executor.states.read(TASK, each.task_id) for each in (top, child, grandchild)
    ]
    assert [each.status for each in after] == ["in_review", "todo", "todo"]
    assert [each.project_key for each in after] == ["WEB"] * 3
    assert sorted(each.number for each in after) == [4, 5, 6]
    assert after[1].fields == {"size": "L"}


async def test_a_task_that_has_no_key_yet_does_not_move(house: Any, ops: str) -> None:
    made = CreateTask(title="New", project_id=house.project_id, task_id=new_id("task"))
    moving = MoveToProject(task_id=made.task_id, project_id=ops)
    assert await pointers(house.run(house.ann, made, moving)) == [""]


async def test_who_moves_it_must_be_allowed_to_in_both(house: Any, ops: str) -> None:
    private = await house.project(key="PRIV", is_private=True)
    task = await house.task()
    to_private = MoveToProject(task_id=task.task_id, project_id=private.project_id)
    assert await pointers(house.run(house.bob, to_private)) == ["/project_id"]
    member = AddProjectMember(project_id=private.project_id, user_id=house.bob, role="viewer")
    await house.run(house.ann, member)
    assert (await refusal(house.run(house.bob, to_private))).kind is Kind.FORBIDDEN
    assert (await refusal(house.run(house.auditor, to_private))).kind is Kind.FORBIDDEN
    assert (await refusal(house.run(house.eve, to_private))).kind is Kind.NOT_FOUND
    hidden = await house.task(project_id=private.project_id)
    assert (await refusal(move(house, hidden, ops, house.bob))).kind is Kind.FORBIDDEN
    elsewhere = (await house.run(house.ann, CreateWorkspace(name="Other"))).main_stream
    far = await house.project(key="FAR", workspace_id=elsewhere)
    assert await pointers(move(house, task, far.project_id)) == ["/project_id"]


async def test_nothing_moves_into_an_archive_or_out_of_the_trash(house: Any, ops: str) -> None:
    task, trashed = await house.task(), await house.task()
    await house.run(house.ann, TrashTask(task_id=trashed.task_id))
    assert (await refusal(move(house, trashed, ops))).kind is Kind.TRASHED
    await house.run(house.ann, ArchiveProject(project_id=ops))
    assert (await refusal(move(house, task, ops))).kind is Kind.ARCHIVED


async def test_a_full_column_there_takes_nothing_in(house: Any, ops: str) -> None:
    drafts = tuple(
        ColumnDraft(name=each.name, statuses=(each.key,), wip_limit=1) for each in SHIPPING
    )
    await house.run(house.ann, ChangeColumns(project_id=ops, columns=drafts))
    await house.task(project_id=ops)
    task = await house.task()
    assert (await refusal(move(house, task, ops))).kind is Kind.WIP_LIMIT_REACHED


async def test_two_who_move_it_end_in_one_place(house: Any, ops: str) -> None:
    third = (await house.project(key="THIRD")).project_id
    task = await house.task()
    await asyncio.gather(
        move(house, task, ops), house.other.run(house.ann, MoveToProject(
            task_id=task.task_id, project_id=third)),
    )  # fmt: skip
    state = await house.executor.states.read(TASK, task.task_id)
    assert state.former_keys[0] == "WEB-1"
    assert state.key in {"OPS-1", "THIRD-1"}
    # Numbers stay without gaps wherever it went.
    made = await house.run(house.ann, CreateTask(title="Next", project_id=state.project_id))
    assert made.state(TASK).number == 2
    await house.run(house.ann, ChangeStatus(task_id=task.task_id, status=state.status))
