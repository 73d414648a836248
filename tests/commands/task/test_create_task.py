"""Where a new task goes, whom it is for, and what it is refused for."""

from datetime import UTC, datetime

from commands.project.change_fields import ChangeFields
from commands.task.create_task import CreateTask
from commands.user.edit_profile import EditProfile
from domain.project.fields import FieldDraft
from domain.task.state import TASK
from domain.user.state import USER
from infra.ids import new_id
from tests.commands.refusals import pointers

WITH_ANY_LOG = True


async def test_without_a_project_it_is_ones_own_in_every_sense(house):
    user = (await house.run(house.ann, EditProfile(user_id=house.ann, locale="de"))).state(USER)
    task = (await house.run(house.ann, CreateTask(title="Mine"))).state(TASK)
    assert (task.project_id, task.key) == (user.personal_project_id, "ME-1")
    assert task.assignee_ids == (house.ann,)
    assert task.workspace_id == user.default_workspace_id


async def test_in_a_project_it_is_for_whom_it_says(house):
    assert (await house.task()).assignee_ids == ()
    named = await house.task(assignee_id=house.bob, assignee_ids=(house.ann, house.bob))
    assert named.assignee_ids == (house.ann, house.bob)
    first = await house.task(assignee_id=house.bob, assignee_ids=(house.ann,))
    assert first.assignee_ids == (house.bob, house.ann)


async def test_only_who_may_see_the_project_is_named(house):
    command = CreateTask(
        title="x",
        project_id=house.project_id,
        assignee_ids=(house.bob, house.eve, house.guest, new_id("user"), "nobody"),
    )
    assert await pointers(house.run(house.ann, command)) == [
        "/assignee_ids/1", "/assignee_ids/2", "/assignee_ids/3", "/assignee_ids/4",
    ]  # fmt: skip
    alone = CreateTask(title="x", project_id=house.project_id, assignee_id=house.eve)
    assert await pointers(house.run(house.ann, alone)) == ["/assignee_id"]


async def test_a_day_ends_where_the_caller_lives(house):
    await house.run(house.bob, EditProfile(user_id=house.bob, time_zone="Asia/Tokyo"))
    task = await house.task(actor=house.bob, due_date="2026-03-01", start_date="2026-03-01")
    assert task.due_date == datetime(2026, 3, 1, 14, 59, 59, tzinfo=UTC)
    assert task.start_date == datetime(2026, 2, 28, 15, tzinfo=UTC)
    assert task.due_all_day
    moment = await house.task(due_date="2026-03-01T12:00:00+02:00")
    assert (moment.due_date, moment.due_all_day) == (datetime(2026, 3, 1, 10, tzinfo=UTC), False)


async def test_priorities_come_as_numbers_and_names(house):
    assert (await house.task()).priority == 5
    assert (await house.task(priority="P0")).priority == 1
    assert (await house.task(priority=7, priority_level=2)).priority == 2


async def test_custom_fields_are_those_of_the_project(house):
    await house.run(
        house.ann,
        ChangeFields(
            project_id=house.project_id,
            fields=(
                FieldDraft(key="lead", name="Lead", type="user"),
                FieldDraft(key="size", name="Size", type="choice", options=("S", "L")),
            ),
        ),
    )
    task = await house.task(fields={"lead": house.bob, "size": "L"})
    assert task.fields == {"lead": house.bob, "size": "L"}
    for wrong, pointer in (
        ({"lead": house.eve}, "/fields/lead"),
        ({"size": "M"}, "/fields/size"),
        ({"colour": "red"}, "/fields/colour"),
    ):
        command = CreateTask(title="x", project_id=house.project_id, fields=wrong)
        assert await pointers(house.run(house.ann, command)) == [pointer]


async def test_an_id_of_another_kind_is_no_id_for_a_task(house):
    for wrong in (new_id("proj"), "task_1", ""):
        command = CreateTask(title="x", project_id=house.project_id, task_id=wrong)
        assert await pointers(house.run(house.ann, command)) == ["/task_id"]


async def test_cards_that_come_in_stand_in_that_order(house):
    ranks = [(await house.task()).rank for _ in range(5)]
    assert ranks == sorted(ranks)
