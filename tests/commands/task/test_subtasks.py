"""Tasks below tasks: who may, what two do at the same time, and what goes along."""

import asyncio
from dataclasses import replace

from commands.project.add_member import AddProjectMember
from commands.project.archive_project import ArchiveProject
from commands.project.change_workflow import ChangeWorkflow
from commands.project.create_project import CreateProject
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.duplicate_task import DuplicateTask
from commands.task.edit_task import EditTask
from commands.task.move_to_project import MoveToProject
from commands.task.restore_task import RestoreTask
from commands.task.set_parent import SetParent
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from domain.errors import Kind, Refused
from domain.project.workflow import DEFAULT_WORKFLOW, Guard, Status, Transition
from domain.task.state import TASK, Task
from domain.values.limits import Limits
from projections.tasks import TASKS_VIEW
from tests.commands.conftest import process
from tests.commands.refusals import pointers, refusal
from tests.projections.memory import folded

STATUSES = (
    Status(key="todo", name="To do", category="todo"),
    Status(key="done", name="Done", category="done"),
    Status(key="dropped", name="Dropped", category="cancelled"),
)
GUARDED = (
    Transition(source="todo", target="done", guards=(Guard(name="all-subtasks-done"),)),
    Transition(source="done", target="todo"),
    Transition(source="todo", target="dropped"),
)


async def guarded(house) -> None:
    move_to = {"in_progress": "todo", "in_review": "todo", "blocked": "todo", "cancelled": "todo"}
    command = ChangeWorkflow(
        project_id=house.project_id, initial="todo", statuses=STATUSES, transitions=GUARDED,
        move_to=move_to,
    )  # fmt: skip
    await house.run(house.ann, command)


async def below(house, *parents: int | None) -> list[str]:
    """Tasks, each below the one that stands so many places before it in this list."""
    ids: list[str] = []
    for back in parents:
        parent = None if back is None else ids[-back]
        ids.append((await house.task(f"T{len(ids)}", parent_task_id=parent)).task_id)
    return ids


async def put(house, task_id: str, parent: str | None, actor: str | None = None):
    return await house.run(actor or house.ann, SetParent(task_id=task_id, parent_task_id=parent))


async def now(house, task_id: str) -> Task:
    state = TASK.fold((each.event, each.stamp) for each in await house.store.read_stream(task_id))
    assert state is not None
    return state


async def test_two_who_would_close_a_ring_from_both_sides_do_not(house):
    a, b, c = await below(house, None, None, None)
    await put(house, b, c)
    both = await asyncio.gather(
        put(house, a, b), put(house.other, c, a, house.bob), return_exceptions=True
    )
    (refused,) = [each for each in both if isinstance(each, Refused)]
    assert refused.kind is Kind.PARENT_CYCLE
    assert refused.fields["path"] in ([a, b, c, a], [c, a, b, c])


async def test_lines_that_two_lengthen_at_the_same_time_stay_short_enough(house):
    limits = Limits(subtask_depth=3)
    one, two = (process(each, house.reader, limits) for each in (house.store, house.other.store))
    _, middle, other, under = await below(house, None, 1, None, 1)
    both = await asyncio.gather(
        one.run(house.ann, SetParent(task_id=other, parent_task_id=middle)),
        two.run(house.ann, CreateTask(title="One more level", parent_task_id=under)),
        return_exceptions=True,
    )
    (refused,) = [each for each in both if isinstance(each, Refused)]
    assert [each.code for each in refused.problems] == ["too-deep"]


async def test_whoever_puts_a_task_below_another_may_change_both_projects(house):
    other = await house.project(key="OTHER", is_private=True)
    theirs = await house.task("Theirs", project_id=other.project_id)
    mine = await house.task("Mine", actor=house.bob)
    wanted = SetParent(task_id=mine.task_id, parent_task_id=theirs.task_id)
    new = CreateTask(title="x", project_id=house.project_id, parent_task_id=theirs.task_id)
    assert await pointers(house.run(house.bob, wanted)) == ["/parent_task_id"]
    assert await pointers(house.run(house.bob, new)) == ["/parent_task_id"]
    viewer = AddProjectMember(project_id=other.project_id, user_id=house.bob, role="viewer")
    await house.run(house.ann, viewer)
    for command in (wanted, new, CreateTask(title="x", parent_task_id=theirs.task_id)):
        assert (await refusal(house.run(house.bob, command))).kind is Kind.FORBIDDEN
    await house.run(house.ann, wanted)
    # What stands in a project that the caller does not see goes nowhere with what they do see.
    below = await house.task("Hidden", project_id=other.project_id, parent_task_id=mine.task_id)
    for command in (
        TrashTask(task_id=mine.task_id),
        DuplicateTask(task_id=mine.task_id, with_subtasks=True),
    ):
        assert (await refusal(house.run(house.bob, command))).kind is Kind.FORBIDDEN
    assert (await house.run(house.bob, DuplicateTask(task_id=mine.task_id))).changed
    await house.run(house.ann, ArchiveProject(project_id=other.project_id))
    assert (await refusal(house.run(house.ann, new))).kind is Kind.ARCHIVED
    trash = TrashTask(task_id=mine.task_id)
    assert (await refusal(house.run(house.ann, trash))).kind is Kind.ARCHIVED
    assert not (await now(house, below.task_id)).trashed


async def test_a_task_that_goes_to_another_project_keeps_its_place(house):
    top, middle, leaf = await below(house, None, 1, 1)
    other = await house.project(key="OTHER")
    await house.run(house.ann, MoveToProject(task_id=middle, project_id=other.project_id))
    assert (await now(house, middle)).parent_task_id == top
    await house.run(house.ann, TrashTask(task_id=top))
    assert [(await now(house, each)).trashed_with for each in (middle, leaf)] == [top, top]


async def test_a_status_counts_as_the_project_has_it_to_which_its_task_went(house):
    other = await house.project(key="OTHER")
    top, leaf = await below(house, None, 1)
    await house.run(house.ann, ChangeStatus(task_id=leaf, status="in_progress"))
    await house.run(house.ann, ChangeStatus(task_id=leaf, status="in_review"))
    reviewed = tuple(
        replace(each, category="done") if each.key == "in_review" else each
        for each in DEFAULT_WORKFLOW.statuses
    )
    await house.run(house.ann, ChangeWorkflow(
        project_id=house.project_id, initial="todo", statuses=reviewed,
        transitions=DEFAULT_WORKFLOW.transitions,
    ))  # fmt: skip
    move = MoveToProject(task_id=leaf, project_id=other.project_id, status="in_review")
    for command, done in ((None, 1), (move, 0)):
        if command is not None:
            await house.run(house.ann, command)
        rows = folded(TASKS_VIEW, [await house.log()]).stored["tasks"]
        assert (rows[top,]["progress_done"], rows[top,]["progress_total"]) == (done, 1)


async def test_a_workspace_keeps_its_tasks_to_itself(house):
    task = await house.task()
    elsewhere = await house.run(house.ann, CreateProject(name="Own"))
    own = await house.task(project_id=elsewhere.main_stream)
    assert await pointers(put(house, task.task_id, own.task_id)) == ["/parent_task_id"]


async def test_what_comes_in_below_while_it_goes_into_the_trash_goes_too_or_stays_out(house):
    top, middle = await below(house, None, 1)
    moving = await house.task("Moving")

    async def add(where, n: int) -> None:
        await where.run(house.bob, CreateTask(title=f"A{n}", parent_task_id=middle))

    results = await asyncio.gather(
        *(add(house.other, n) for n in range(3)),
        house.run(house.ann, TrashTask(task_id=top)),
        put(house.other, moving.task_id, middle, house.bob),
        return_exceptions=True,
    )
    strange = [each for each in results if isinstance(each, BaseException)]
    assert {each.kind for each in strange} <= {Kind.VALIDATION_FAILED, Kind.CONFLICT}
    assert (await now(house, top)).trashed or results[3].kind is Kind.CONFLICT
    for each in await house.log():
        if each.stream.startswith("task_"):
            task = await now(house, each.stream)
            if task.parent_task_id is not None:
                assert task.trashed or not (await now(house, task.parent_task_id)).trashed


async def test_only_so_many_go_along(house):
    tight = process(house.store, house.reader, Limits(subtasks_at_once=2, subtasks=3))
    top, *_ = await below(house, None, 1, 1, 1)
    for command in (TrashTask(task_id=top), DuplicateTask(task_id=top, with_subtasks=True)):
        refused = await refusal(tight.run(house.ann, command))
        assert [each.code for each in refused.problems] == ["too-many"]
    assert (await tight.run(house.ann, DuplicateTask(task_id=top))).changed
    await house.task("One more", parent_task_id=top)
    parent = await house.task("Above")
    refused = await refusal(
        tight.run(house.ann, SetParent(task_id=top, parent_task_id=parent.task_id))
    )
    assert [each.code for each in refused.problems] == ["too-many"]
    await put(house, top, parent.task_id)
    assert (await tight.run(house.ann, SetParent(task_id=top, parent_task_id=None))).changed


async def test_a_parent_does_not_close_over_what_is_opened_again_meanwhile(house):
    await guarded(house)
    top, middle, leaf = await below(house, None, 1, 1)
    for each in (leaf, middle):
        await house.run(house.ann, ChangeStatus(task_id=each, status="done"))
    both = await asyncio.gather(
        house.run(house.ann, ChangeStatus(task_id=top, status="done")),
        house.other.run(house.bob, ChangeStatus(task_id=leaf, status="todo")),
        return_exceptions=True,
    )
    closed, opened = await now(house, top), await now(house, leaf)
    assert opened.status == "todo"
    if closed.status == "done":
        assert closed.position < opened.position
    else:
        assert both[0].fields["missing"] == [leaf]


async def test_what_counts_as_finished_is_asked_of_the_present_workflow(house):
    await guarded(house)
    top, _ = await below(house, None, 1)
    done = ChangeStatus(task_id=top, status="done")
    assert (await refusal(house.run(house.ann, done))).kind is Kind.GUARD_REFUSED
    otherwise = tuple(Status(key=each.key, name=each.name, category="done") for each in STATUSES)
    await house.run(
        house.ann,
        ChangeWorkflow(
            project_id=house.project_id, initial="todo", statuses=otherwise, transitions=GUARDED
        ),
    )
    assert (await house.run(house.ann, done)).changed


async def test_what_the_caller_does_not_see_is_counted_and_not_named(house):
    await guarded(house)
    other = await house.project(key="OTHER", is_private=True)
    top, middle = await below(house, None, 1)
    under = CreateTask(title="x", project_id=other.project_id, parent_task_id=middle)
    hidden = (await house.run(house.ann, under)).main_stream
    refused = await refusal(house.run(house.bob, ChangeStatus(task_id=top, status="done")))
    assert refused.fields["missing"] == [middle]
    assert "1 of them in projects that you do not see" in refused.detail
    bobs = await house.task("Bob's", parent_task_id=None)
    await put(house, bobs.task_id, hidden)
    ring = SetParent(task_id=top, parent_task_id=bobs.task_id)
    refused = await refusal(house.run(house.bob, ring))
    assert refused.fields["path"] == [top, bobs.task_id, None, middle, top]


async def test_a_task_without_subtasks_asks_no_view(house):
    task = await house.task()
    parent = await house.task()

    async def nothing(*_: object) -> None:
        raise AssertionError("a view was asked")

    for executor in (house.executor, house.other.executor):
        executor._world.trees.descendants = nothing
    await put(house, task.task_id, parent.task_id)
    await house.run(house.ann, TrashTask(task_id=task.task_id))
    await house.run(house.ann, RestoreTask(task_id=task.task_id))
    await house.run(house.ann, DuplicateTask(task_id=task.task_id, with_subtasks=True))


async def test_a_tree_that_went_into_the_trash_is_taken_back_and_put_there_again(house):
    top, middle, leaf = await below(house, None, 1, 1)
    await house.run(house.ann, TrashTask(task_id=leaf))
    gone = await house.run(house.ann, TrashTask(task_id=top))
    undone = await house.run(house.ann, UndoChange(task_id=top, position=gone.position))
    assert [(await now(house, each)).trashed for each in (top, middle, leaf)] == [
        False, False, True,
    ]  # fmt: skip
    await house.run(house.ann, UndoChange(task_id=top, position=undone.position))
    assert [(await now(house, each)).trashed_with for each in (top, middle, leaf)] == [
        None, top, None,
    ]  # fmt: skip


async def test_one_commit_sees_the_tree_as_it_has_made_it(house):
    top, middle, free = await below(house, None, 1, None)
    under = (await house.task("Under", parent_task_id=free)).task_id
    await house.run(
        house.ann,
        SetParent(task_id=free, parent_task_id=middle),
        SetParent(task_id=middle, parent_task_id=None),
        TrashTask(task_id=middle),
    )
    assert not (await now(house, top)).trashed
    for each in (free, under):
        assert (await now(house, each)).trashed_with == middle
    rings = (SetParent(task_id=top, parent_task_id=middle),)
    await house.run(house.ann, RestoreTask(task_id=middle), *rings)
    ring = SetParent(task_id=middle, parent_task_id=top)
    assert (await refusal(house.run(house.ann, ring))).kind is Kind.PARENT_CYCLE


async def test_a_copy_is_sealed_under_the_keys_of_those_who_wrote_it(house):
    task = await house.task("Ann's")
    await house.run(house.bob, EditTask(task_id=task.task_id, description="Bob's"))
    copy = await house.run(house.admin, DuplicateTask(task_id=task.task_id))
    (created,) = await house.store.read_stream(copy.main_stream)
    assert created.stamp.authors == {"title": house.ann, "description": house.bob}
    assert (created.event.title, created.event.description) == ("Ann's", "Bob's")
    assert copy.state(TASK).creator_id == house.admin
