"""A change is taken back whole, as long as what it changed still stands."""

import asyncio
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.execution import Outcome
from commands.project.add_member import AddProjectMember
from commands.project.change_fields import ChangeFields
from commands.project.change_workflow import ChangeWorkflow
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.edit_task import EditTask
from commands.task.move_task import MoveTask
from commands.task.restore_task import RestoreTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from commands.workspace.remove_member import RemoveWorkspaceMember
from domain.errors import Kind, Refused
from domain.project.fields import FieldDraft
from domain.project.workflow import DEFAULT_WORKFLOW
from domain.task.events import TaskDescribed, TaskRetitled
from domain.task.state import TASK, Task
from tests.commands.conftest import House, made_house
from tests.commands.memory_log import MemoryLog
from tests.commands.refusals import refusal


def visible(task: Task) -> dict[str, Any]:
    """All that people see of a task but when it was last changed."""
    hidden = {
        "version", "position", "updated_at", "updated_by", "field_authors", "title_author",
        "description_author", "status_since",
    }  # fmt: skip
    found = {each.name: getattr(task, each.name) for each in fields(task)}
    found["trashed_at"] = task.trashed
    return {name: value for name, value in found.items() if name not in hidden}


async def undo(house: House, position: int, task: Task, actor: str | None = None) -> Outcome:
    command = UndoChange(task_id=task.task_id, position=position)
    return await house.run(actor or house.ann, command)


_text = st.text("abc ", min_size=1, max_size=4).filter(str.strip)
_status = st.sampled_from(DEFAULT_WORKFLOW.statuses).map(lambda status: status.key)
_day = st.dates().filter(lambda day: 1900 < day.year < 9999).map(str)
_date = st.none() | _day | _day.map(lambda day: f"{day}T09:00:00.5Z")
# What may be said of a task, its id left out.
_CHANGES: st.SearchStrategy[tuple[type, dict[str, Any]]] = st.one_of(
    st.tuples(st.just(EditTask), st.fixed_dictionaries({}, optional={
        "title": _text, "description": st.none() | _text,
        "type": st.sampled_from(["task", "bug"]), "start_date": _date,
        "estimate": st.none() | st.floats(0, 9),
        "fields": st.dictionaries(st.sampled_from(["size", "words"]), st.none(), max_size=2)
        | st.just({"size": 3, "words": "few"}) | st.just({"words": "many"}),
    })),
    st.tuples(st.just(SetPriority), st.builds(dict, priority_level=st.integers(1, 10))),
    st.tuples(st.just(SetDueDate), st.builds(dict, due_date=_date)),
    st.tuples(st.just(TagTask), st.builds(dict, tags=st.lists(_text, max_size=3).map(tuple))),
    st.tuples(st.just(ChangeStatus), st.builds(dict, status=_status)),
    st.tuples(st.just(MoveTask), st.builds(dict, status=_status)),
    st.tuples(st.just(AssignTask), st.builds(dict, assignee_ids=st.sampled_from(
        [(), ("ann",), ("bob",), ("bob", "ann")]))),
    st.tuples(st.sampled_from([TrashTask, RestoreTask]), st.just({})),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), _CHANGES), min_size=1, max_size=8))
def test_undoing_step_by_step_leads_back_and_redoing_forth(changes):
    asyncio.run(_there_and_back(changes))


async def _there_and_back(changes: list[tuple[str, tuple[type, dict[str, Any]]]]) -> None:
    house = await made_house(MemoryLog())
    fields = (FieldDraft(key="size", name="Size", type="number"),
              FieldDraft(key="words", name="Words", type="text"))  # fmt: skip
    await house.run(house.ann, ChangeFields(project_id=house.project_id, fields=fields))
    task = await house.task(description="As it was")
    steps: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
    for who, (kind, said) in changes:
        if "assignee_ids" in said:
            said = {"assignee_ids": tuple(house.people[each] for each in said["assignee_ids"])}
        try:
            outcome = await house.run(house.people[who], kind(task_id=task.task_id, **said))
        except Refused:
            continue
        before, task = visible(task), outcome.state(TASK)
        if outcome.changed:
            steps.append((outcome.position, before, visible(task)))
    for position, before, after in reversed(steps):
        undone = await undo(house, position, task)
        assert visible(undone.state(TASK)) == before
        redone = await undo(house, undone.position, task)
        assert visible(redone.state(TASK)) == after
        assert visible((await undo(house, position, task)).state(TASK)) == before


async def test_several_changes_of_one_command_go_together_by_any_of_their_positions(house):
    task = await house.task(due_date="2026-03-01", tags=("a",))
    done = await house.run(
        house.bob,
        EditTask(task_id=task.task_id, title="Varnish it", description="Twice"),
        SetDueDate(task_id=task.task_id, due_date=None),
        TagTask(task_id=task.task_id, tags=()),
    )
    undone = await undo(house, done.position - 2, task)
    assert visible(undone.state(TASK)) == visible(task)
    log = await house.log()
    (command,) = {each.command_id for each in log[-4:]}
    assert {each.origin.causation_id for each in log[-4:]} == {log[-5].command_id} != {command}


async def test_what_was_changed_since_is_named_and_nothing_is_undone(house):
    task = await house.task()
    first = await house.run(
        house.ann,
        EditTask(task_id=task.task_id, title="Varnish it"),
        SetPriority(task_id=task.task_id, priority_level=1),
    )
    later = await house.run(house.bob, EditTask(task_id=task.task_id, title="Sand it"))
    await house.run(house.bob, TagTask(task_id=task.task_id, tags=("wood",)))
    refused = await refusal(undo(house, first.position, task))
    assert refused.kind is Kind.NOT_UNDOABLE
    assert refused.fields["changed_since"] == [
        {"id": task.task_id, "field": "title", "position": later.position, "actor": house.bob}
    ]
    # Changed back, it stands again.
    await undo(house, later.position, task)
    after = (await undo(house, first.position, task)).state(TASK)
    assert (after.title, after.priority, after.tags) == (task.title, task.priority, ("wood",))


async def test_undoing_a_creation_puts_the_task_into_the_trash_once(house):
    task = await house.task()
    undone = await undo(house, task.position, task)
    assert undone.state(TASK).trashed
    refused = await refusal(undo(house, task.position, task))
    assert refused.kind is Kind.NOT_UNDOABLE
    assert [each["field"] for each in refused.fields["changed_since"]] == ["trashed_at"]
    assert not (await undo(house, undone.position, task)).state(TASK).trashed


async def test_a_move_is_taken_back_where_the_workflow_has_no_way_back(house):
    task = await house.task(status="in_review")
    done = await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="done"))
    await house.run(house.ann, EditTask(task_id=task.task_id, title="Varnish it"))
    undone = (await undo(house, done.position, task)).state(TASK)
    assert (undone.status, undone.rank, undone.completed_at) == ("in_review", task.rank, None)
    redone = (await undo(house, undone.position, task)).state(TASK)
    assert redone.completed_at == done.state(TASK).completed_at


async def test_words_that_come_back_stay_those_of_whoever_wrote_them(house):
    task = await house.task(title="Bob's words", description="Bob's text", actor=house.bob)
    done = await house.run(
        house.ann,
        EditTask(task_id=task.task_id, title="Mine", description="Mine too"),
    )
    await undo(house, done.position, task, actor=house.admin)
    recorded = await house.store.read_stream(task.task_id)
    said = {type(each.event): each.stamp for each in recorded[-2:]}
    assert said[TaskRetitled].author_of("title") == house.bob
    assert said[TaskRetitled].author_of("was") == house.ann
    assert said[TaskDescribed].author_of("description") == house.bob


async def test_undoing_needs_what_the_commands_need_that_it_takes(house):
    task = await house.task()
    done = await house.run(house.ann, SetPriority(task_id=task.task_id, priority_level=1))
    assert (await refusal(undo(house, done.position, task, house.auditor))).kind is Kind.FORBIDDEN
    assert (await refusal(undo(house, done.position, task, house.eve))).kind is Kind.NOT_FOUND
    await house.run(house.ann, TrashTask(task_id=task.task_id))
    assert (await refusal(undo(house, done.position, task))).kind is Kind.TRASHED


async def test_somebody_who_left_does_not_come_back_by_an_undo(house):
    task = await house.task(assignee_id=house.bob)
    done = await house.run(house.ann, AssignTask(task_id=task.task_id, assignee_ids=()))
    await house.run(
        house.ann, RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob)
    )
    refused = await refusal(undo(house, done.position, task))
    assert refused.kind is Kind.NOT_UNDOABLE


async def test_a_position_of_something_else_is_unknown(house):
    task, other = await house.task(), await house.task()
    of_project = await house.run(
        house.ann, AddProjectMember(project_id=house.project_id, user_id=house.guest)
    )
    for position in (other.position, of_project.position, 1, 0, -1, 2**63 - 1, 2**70):
        refused = await refusal(undo(house, position, task))
        assert [each.pointer for each in refused.problems] == ["/position"]


async def test_what_has_no_inverse_says_why(house):
    task = await house.task(status="in_review")
    done = await house.run(
        house.ann,
        ChangeWorkflow(
            project_id=house.project_id, initial="todo", move_to={"in_review": "todo"},
            statuses=tuple(each for each in DEFAULT_WORKFLOW.statuses if each.key != "in_review"),
            any_move=True,
        ),
    )  # fmt: skip
    refused = await refusal(undo(house, done.position, task))
    assert (refused.kind, "workflow" in refused.detail) == (Kind.NOT_UNDOABLE, True)


@pytest.mark.parametrize("many", [1, 40])
async def test_a_commit_over_many_tasks_is_undone_as_one(house, many):
    tasks = [await house.task(f"Task {n}") for n in range(many)]
    done = await house.run(
        house.ann, *(SetPriority(task_id=task.task_id, priority_level=1) for task in tasks)
    )
    undone = await undo(house, done.position, tasks[0])
    assert [undone.state(TASK, task.task_id).priority for task in tasks] == [5] * many
    assert len({each.command_id for each in (await house.log())[-many:]}) == 1
