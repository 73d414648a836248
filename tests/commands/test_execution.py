"""One commit or none, the first answer for ever, and nobody refused for an old memory."""

import asyncio

import pytest

from commands.project.archive_project import ArchiveProject
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.spec import BY_EVENTS, CommandSpec, Registry
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask, create_task
from commands.task.edit_task import EditTask
from commands.task.set_priority import SetPriority
from commands.task.trash_task import TrashTask
from commands.workspace.remove_member import RemoveWorkspaceMember
from domain.errors import Kind, Refused, not_found
from domain.project.state import PROJECT
from domain.task.events import TaskCreated, TaskPrioritised, TaskRetitled
from domain.task.state import TASK
from domain.values.evolved import evolved
from domain.values.recorded import Origin
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from tests.commands.refusals import refusal


def test_a_command_that_does_not_say_who_may_keeps_the_program_from_starting():
    silent = CommandSpec(
        command=CreateTask,
        handler=create_task,
        events=(TaskCreated,),
        route="POST /tasks",
        inverse=BY_EVENTS,
    )
    with pytest.raises(ValueError, match="CreateTask does not say who may"):
        Registry(silent)


async def test_a_command_that_is_not_registered_is_not_run(house):
    with pytest.raises(KeyError):
        await house.run(house.ann, object())


async def test_several_commands_on_a_task_are_one_commit(house):
    task = await house.task()
    outcome = await house.run(
        house.ann,
        EditTask(task_id=task.task_id, title="Varnish it"),
        SetPriority(task_id=task.task_id, priority="high"),
    )
    assert outcome.state(TASK).version == 3
    log = await house.log()
    assert [type(each.event) for each in log[-2:]] == [TaskRetitled, TaskPrioritised]
    assert len({each.command_id for each in log[-2:]}) == 1
    assert outcome.position == outcome.state(TASK).position == log[-1].position


async def test_one_refused_command_refuses_all_of_them(house):
    task = await house.task()
    before = await house.store.head()
    refused = await refusal(
        house.run(
            house.ann,
            EditTask(task_id=task.task_id, title="Varnish it"),
            ChangeStatus(task_id=task.task_id, status="done"),
        )
    )
    assert refused.kind is Kind.TRANSITION_NOT_ALLOWED
    assert await house.store.head() == before


async def test_the_answer_is_what_the_log_holds(house):
    task = await house.task(tags=("a",))
    (recorded,) = await house.store.read_stream(task.task_id)
    folded = TASK.fold([(recorded.event, recorded.stamp)])
    assert task == folded
    assert (task.number, task.key) == (1, "WEB-1")
    assert (await house.task()).key == "WEB-2"


async def test_nothing_to_do_records_nothing_and_says_so(house):
    task = await house.task()
    before = await house.store.head()
    outcome = await house.run(house.ann, EditTask(task_id=task.task_id, title=task.title))
    assert (outcome.changed, outcome.receipt, outcome.state(TASK)) == (False, None, task)
    assert outcome.position == task.position
    assert await house.store.head() == before


class TestOnce:
    async def test_the_same_key_gives_the_first_answer_again(self, house):
        create = CreateTask(title="Once", project_id=house.project_id)
        first = await house.run(house.ann, create, key="k")
        again = await house.run(house.ann, create, key="k")
        assert (first.replayed, again.replayed, again.changed) == (False, True, False)
        assert again.state(TASK) == first.state(TASK)
        elsewhere = await house.other.run(house.ann, create, key="k")
        assert elsewhere.state(TASK) == first.state(TASK)
        assert elsewhere.state(PROJECT, house.project_id).key == "WEB"

    async def test_the_first_answer_shows_the_task_as_it_was(self, house):
        task = await house.task()
        edit = EditTask(task_id=task.task_id, title="First")
        first = await house.run(house.ann, edit, key="k")
        await house.run(house.ann, EditTask(task_id=task.task_id, title="Second"))
        again = await house.run(house.ann, edit, key="k")
        assert again.state(TASK) == first.state(TASK)
        assert again.state(TASK).title == "First"

    async def test_another_body_under_the_same_key_is_refused(self, house):
        task = await house.task()
        edit = EditTask(task_id=task.task_id, title="First")
        await house.run(house.ann, edit, key="k", body="first")
        for wrong in (edit, EditTask(task_id=task.task_id, title="x" * 501)):
            refused = await refusal(house.run(house.ann, wrong, key="k", body="second"))
            assert refused.kind is Kind.IDEMPOTENCY_KEY_REUSED

    async def test_a_key_belongs_to_its_caller(self, house):
        create = CreateTask(title="Once", project_id=house.project_id)
        first = await house.run(house.ann, create, key="k")
        bobs = await house.run(house.bob, create, key="k")
        assert bobs.main_stream != first.main_stream

    async def test_a_retry_is_answered_before_any_refusal(self, house):
        """The answer got lost; meanwhile what was right then would be refused now."""
        task = await house.task()
        start = ChangeStatus(task_id=task.task_id, status="in_progress")
        first = await house.run(house.ann, start, key="k", if_match=(task.task_id, 1))
        await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="in_review"))
        await house.run(house.ann, TrashTask(task_id=task.task_id))
        for where in (house, house.other):
            again = await where.run(house.ann, start, key="k", if_match=(task.task_id, 1))
            assert again.replayed
            assert again.state(TASK) == first.state(TASK)

    async def test_a_keyed_nothing_is_remembered_as_nothing(self, house):
        task = await house.task()
        same = EditTask(task_id=task.task_id, title=task.title)
        first = await house.run(house.ann, same, key="k")
        assert (first.changed, first.receipt is not None) == (False, True)
        await house.run(house.ann, EditTask(task_id=task.task_id, title="Other"))
        again = await house.run(house.ann, same, key="k")
        assert again.replayed
        assert again.state(TASK).title == task.title

    async def test_refusals_are_not_remembered(self, house):
        task = await house.task()
        finish = ChangeStatus(task_id=task.task_id, status="in_review")
        assert (await refusal(house.run(house.ann, finish, key="k"))).kind is (
            Kind.TRANSITION_NOT_ALLOWED
        )
        await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="in_progress"))
        assert (await house.run(house.ann, finish, key="k")).changed

    async def test_at_the_same_time_there_is_one_of_them(self, house):
        create = CreateTask(title="Once", project_id=house.project_id)
        outcomes = await asyncio.gather(
            *(where.run(house.ann, create, key="k") for where in (house, house.other) * 5)
        )
        assert len({outcome.main_stream for outcome in outcomes}) == 1
        assert sum(outcome.changed for outcome in outcomes) == 1

    async def test_whoever_waits_too_long_for_the_first_is_told_so(self, house, monkeypatch):
        monkeypatch.setattr("commands.execution.SAME_KEY_PATIENCE_SECONDS", 0.001)
        create = CreateTask(title="Once", project_id=house.project_id)
        let_go = house.store.hold()
        first = asyncio.create_task(house.run(house.ann, create, key="k"))
        await asyncio.sleep(0)
        refused = await refusal(house.run(house.ann, create, key="k"))
        assert refused.kind is Kind.IDEMPOTENCY_IN_PROGRESS
        let_go.set()
        assert (await first).changed

    async def test_today_s_access_decides_who_sees_the_first_answer(self, house):
        create = CreateTask(title="Once", project_id=house.project_id)
        await house.run(house.bob, create, key="k")
        await house.run(
            house.ann,
            RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob),
        )
        refused = await refusal(house.run(house.bob, create, key="k"))
        assert refused.kind is Kind.VALIDATION_FAILED


class TestIfMatch:
    async def test_a_stale_version_is_told_what_changed(self, house):
        task = await house.task()
        await house.other.run(
            house.bob,
            EditTask(task_id=task.task_id, title="Varnish it"),
            AssignTask(task_id=task.task_id, assignee_ids=(house.bob,)),
        )
        refused = await refusal(
            house.run(
                house.ann,
                EditTask(task_id=task.task_id, description="x"),
                if_match=(task.task_id, 1),
            )
        )
        assert refused.kind is Kind.VERSION_STALE
        assert refused.fields == {
            "current_version": 3,
            "changed_fields": ["title", "assignee_ids"],
        }

    async def test_what_another_process_wrote_matches(self, house):
        task = await house.task()
        edited = await house.other.run(house.bob, EditTask(task_id=task.task_id, title="Varnish"))
        version = edited.state(TASK).version
        outcome = await house.run(
            house.ann,
            EditTask(task_id=task.task_id, description="x"),
            if_match=(task.task_id, version),
        )
        assert outcome.state(TASK).version == version + 1

    async def test_a_version_that_never_was_is_stale_too(self, house):
        task = await house.task()
        for version in (0, -1, 2, 2**70):
            refused = await refusal(
                house.run(
                    house.ann,
                    EditTask(task_id=task.task_id, title="x"),
                    if_match=(task.task_id, version),
                )
            )
            assert refused.fields == {"current_version": 1, "changed_fields": []}

    async def test_without_it_the_last_write_wins_field_by_field(self, house):
        task = await house.task()
        await house.other.run(house.bob, EditTask(task_id=task.task_id, title="Bob's"))
        outcome = await house.run(house.ann, EditTask(task_id=task.task_id, description="Ann's"))
        state = outcome.state(TASK)
        assert (state.title, state.description) == ("Bob's", "Ann's")


class TestOldMemory:
    """One process remembers what another has changed since."""

    async def test_nobody_is_refused_for_it(self, house):
        task = await house.task()
        await house.other.run(house.ann, ChangeStatus(task_id=task.task_id, status="in_progress"))
        outcome = await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="in_review"))
        assert outcome.changed

    async def test_nothing_to_do_is_only_said_of_what_is_so_now(self, house):
        task = await house.task()
        await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Other"))
        outcome = await house.run(house.ann, EditTask(task_id=task.task_id, title=task.title))
        assert outcome.changed
        assert outcome.state(TASK).title == task.title

    async def test_nor_where_somebody_else_has_read_on_meanwhile(self, house):
        task = await house.task()
        await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Other"))
        asked = []

        async def title(work):
            asked.append((await work.load(TASK, task.task_id)).title)
            await house.executor.states.refresh(task.task_id)  # as whoever was refused before does
            if asked[-1] != "Other":
                raise not_found("task")
            return asked[-1]

        assert await house.executor.ask(Origin(house.ann), title) == "Other"
        assert asked == [task.title, "Other"]

    async def test_nobody_is_let_in_for_it(self, house):
        task = await house.task(actor=house.bob)
        await house.other.run(
            house.ann,
            RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob),
        )
        refused = await refusal(house.run(house.bob, EditTask(task_id=task.task_id, title="x")))
        assert refused.kind is Kind.NOT_FOUND

    async def test_nothing_is_made_in_a_project_that_was_archived_elsewhere(self, house):
        await house.task()
        await house.other.run(house.ann, ArchiveProject(project_id=house.project_id))
        refused = await refusal(
            house.run(house.ann, CreateTask(title="x", project_id=house.project_id))
        )
        assert refused.kind is Kind.ARCHIVED

    async def test_two_processes_that_write_one_task_lose_nothing(self, house):
        task = await house.task()
        runs = (
            where.run(house.ann, EditTask(task_id=task.task_id, title=f"{n} {name}"))
            for n in range(8)
            for name, where in (("here", house), ("there", house.other))
        )
        done = await asyncio.gather(*runs, return_exceptions=True)
        wrote = [each for each in done if not isinstance(each, Refused)]
        assert all(each.kind is Kind.CONFLICT for each in done if isinstance(each, Refused))
        stream = await house.store.read_stream(task.task_id)
        assert [each.stamp.version for each in stream] == list(range(1, len(wrote) + 2))
        previous = "Paint it"
        for each in stream[1:]:
            assert each.event.was == previous
            previous = each.event.title


async def test_a_memory_that_is_ahead_of_the_log_is_forgotten(house):
    """A database that was restored to an earlier copy, under a process that went on."""
    task = await house.task()
    house.executor.states.keep(task.task_id, evolved(task, version=9, title="Never was"))
    outcome = await house.run(house.ann, EditTask(task_id=task.task_id, title="Varnish it"))
    assert outcome.state(TASK).version == 2
    (changed,) = (await house.events(task.task_id))[1:]
    assert changed.was == task.title


async def test_in_one_process_commands_on_one_task_take_turns_and_all_succeed(house):
    task = await house.task()
    appends = house.store.appends
    await asyncio.gather(
        *(house.run(house.ann, EditTask(task_id=task.task_id, title=str(n))) for n in range(30))
    )
    assert house.store.appends == appends + 30


async def test_a_cancelled_command_leaves_its_turn_to_the_next(house):
    task = await house.task()
    running = asyncio.create_task(
        house.run(house.ann, EditTask(task_id=task.task_id, title="cancelled"))
    )
    await asyncio.sleep(0)
    running.cancel()
    outcome = await house.run(house.ann, EditTask(task_id=task.task_id, title="next"))
    assert outcome.state(TASK).title == "next"


async def test_creating_a_task_where_all_is_known_reads_nothing(house):
    await house.task()
    reads = house.store.reads
    await house.task()
    assert house.store.reads == reads


async def test_what_is_no_id_is_not_looked_up(house):
    for task_id in ("", "task_1", house.ann, "task_\x00", "x" * 10_000):
        refused = await refusal(house.run(house.ann, TrashTask(task_id=task_id)))
        assert refused.kind is Kind.NOT_FOUND


async def test_a_new_id_that_is_taken_is_refused(house):
    task = await house.task()
    command = CreateTask(title="x", project_id=house.project_id, task_id=task.task_id)
    refused = await refusal(house.run(house.ann, command))
    assert (refused.kind, refused.fields) == (Kind.ALREADY_EXISTS, {"field": "task_id"})
    fresh = new_id("task")
    both = await asyncio.gather(
        *(
            where.run(house.ann, CreateTask(title="x", project_id=house.project_id, task_id=fresh))
            for where in (house, house.other)
        ),
        return_exceptions=True,
    )
    refusals = [each for each in both if isinstance(each, Refused)]
    assert [each.fields for each in refusals] == [{"field": "task_id"}]


async def test_the_project_s_named_members_are_part_of_the_answer(house):
    await house.task()
    refused = await refusal(
        house.run(
            house.ann,
            ChangeProjectMemberRole(project_id=house.project_id, user_id=house.eve, role="viewer"),
        )
    )
    assert refused.kind is Kind.NOT_FOUND
    outcome = await house.run(house.ann, CreateTask(title="x", project_id=house.project_id))
    assert outcome.peek(WORKSPACE, house.workspace_id).role_of(house.bob) == "member"
