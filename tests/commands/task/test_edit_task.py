"""What may be said anew about a task."""

from commands.project.change_fields import ChangeFields
from commands.task.assign_task import AssignTask
from commands.task.edit_task import EditTask
from commands.task.restore_task import RestoreTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from commands.workspace.remove_member import RemoveWorkspaceMember
from domain.errors import Kind
from domain.project.fields import FieldDraft
from domain.task.state import TASK
from domain.values.moment import written
from tests.commands.refusals import pointers, refusal

WITH_ANY_LOG = True


async def test_everything_wrong_is_said_at_once_and_nothing_is_kept(house):
    task = await house.task()
    edit = EditTask(
        task_id=task.task_id, title="", type="wish", estimate=-1.0, fields={"gone": 1},
        description="fine",
    )  # fmt: skip
    assert await pointers(house.run(house.ann, edit)) == [
        "/title", "/type", "/estimate", "/fields/gone",
    ]  # fmt: skip
    assert len(await house.events(task.task_id)) == 1


async def test_what_is_left_out_stays_and_null_clears(house):
    task = await house.task(description="long", start_date="2026-03-01", estimate=3.0)
    edit = EditTask(task_id=task.task_id, description=None, start_date=None, estimate=None)
    after = (await house.run(house.ann, edit)).state(TASK)
    assert (after.title, after.description, after.start_date, after.estimate) == (
        task.title, "", None, None,
    )  # fmt: skip


async def test_an_answer_sent_back_whole_changes_nothing(house):
    task = await house.task(
        priority_level=2, assignee_ids=(house.bob, house.ann), tags=("b", "a"),
        due_date="2026-03-01", start_date="2026-02-01", estimate=2.0,
    )  # fmt: skip
    outcome = await house.run(
        house.ann,
        EditTask(
            task_id=task.task_id, title=task.title, description=task.description, type=task.type,
            start_date=written(task.start_date), estimate=task.estimate, fields={},
        ),
        AssignTask(task_id=task.task_id, assignee_id=house.bob, assignee_ids=task.assignee_ids),
        SetPriority(task_id=task.task_id, priority="high"),
        SetDueDate(task_id=task.task_id, due_date=written(task.due_date)),
        TagTask(task_id=task.task_id, tags=task.tags),
    )  # fmt: skip
    assert not outcome.changed
    assert outcome.state(TASK).due_all_day


async def test_of_the_two_ways_to_assign_the_changed_one_counts(house):
    task = await house.task(assignee_ids=(house.bob, house.ann))

    async def assigned(**how):
        command = AssignTask(task_id=task.task_id, **how)
        return (await house.run(house.ann, command)).state(TASK).assignee_ids

    everybody = (house.bob, house.ann)
    assert await assigned(assignee_id=house.ann, assignee_ids=everybody) == (house.ann,)
    assert await assigned(assignee_ids=everybody) == everybody
    assert await assigned(assignee_id=house.bob) == everybody
    assert await assigned(assignee_id=house.bob, assignee_ids=(house.ann,)) == (house.ann,)
    assert await assigned(assignee_id=house.bob, assignee_ids=everybody) == everybody
    assert await assigned(assignee_id=None) == ()
    assert await assigned(assignee_id=house.ann) == (house.ann,)
    both = AssignTask(
        task_id=task.task_id, assignee_id=house.bob, assignee_ids=(house.admin, house.bob)
    )
    assert await pointers(house.run(house.ann, both)) == ["/assignee_id"]


async def test_who_left_stays_assigned_until_somebody_else_is(house):
    task = await house.task(assignee_ids=(house.bob,))
    await house.run(
        house.ann, RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob)
    )
    more = AssignTask(task_id=task.task_id, assignee_ids=(house.bob, house.ann))
    assert (await house.run(house.ann, more)).state(TASK).assignee_ids == (house.bob, house.ann)
    await house.run(house.ann, AssignTask(task_id=task.task_id, assignee_ids=()))
    again = AssignTask(task_id=task.task_id, assignee_ids=(house.ann, house.bob))
    assert await pointers(house.run(house.ann, again)) == ["/assignee_ids/1"]


async def test_the_name_of_the_band_that_stands_changes_nothing(house):
    task = await house.task(priority_level=2)
    outcome = await house.run(house.ann, SetPriority(task_id=task.task_id, priority="high"))
    assert (outcome.changed, outcome.state(TASK).priority) == (False, 2)


async def test_a_custom_field_that_names_a_person_is_checked_where_it_changes(house):
    await house.run(
        house.ann,
        ChangeFields(
            project_id=house.project_id, fields=(FieldDraft(key="lead", name="L", type="user"),)
        ),
    )
    task = await house.task(fields={"lead": house.bob})
    await house.run(
        house.ann, RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob)
    )
    same = EditTask(task_id=task.task_id, fields={"lead": house.bob})
    assert not (await house.run(house.ann, same)).changed
    other = EditTask(task_id=task.task_id, fields={"lead": house.eve})
    assert await pointers(house.run(house.ann, other)) == ["/fields/lead"]


async def test_into_the_trash_and_back(house):
    task = await house.task()
    trash, restore = TrashTask(task_id=task.task_id), RestoreTask(task_id=task.task_id)
    assert (await house.run(house.ann, trash)).state(TASK).trashed
    assert not (await house.run(house.ann, trash)).changed
    refused = await refusal(house.run(house.ann, EditTask(task_id=task.task_id, title="x")))
    assert refused.kind is Kind.TRASHED
    assert not (await house.run(house.ann, restore)).state(TASK).trashed
    assert not (await house.run(house.ann, restore)).changed
