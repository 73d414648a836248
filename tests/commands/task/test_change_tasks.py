"""Many tasks in one commit: what is refused of one leaves nothing behind, and the others alone."""

from commands.task.change_status import ChangeStatus
from commands.task.change_tasks import ChangeTasks
from commands.task.edit_task import EditTask
from commands.task.set_priority import SetPriority
from commands.task.undo_changes import UndoChanges
from domain.errors import Kind
from domain.task.state import TASK
from domain.values.recorded import Origin
from infra.ids import new_id


async def test_a_refused_task_keeps_nothing_of_its_patch(house):
    good = [await house.task(status="in_review") for _ in range(2)]
    bad = await house.task()
    hidden = await house.task(project_id=None, actor=house.bob)
    ids = (good[0].task_id, bad.task_id, hidden.task_id, new_id("task"), good[1].task_id)
    done = await house.run(
        house.ann,
        ChangeTasks(
            workspace_id=house.workspace_id,
            task_ids=ids,
            changes=(
                SetPriority(task_id="", priority_level=1),
                ChangeStatus(task_id="", status="done"),
            ),
        ),
    )
    assert {number: each.kind for number, each in done.refused.items()} == {
        1: Kind.TRANSITION_NOT_ALLOWED,
        2: Kind.NOT_FOUND,
        3: Kind.NOT_FOUND,
    }
    log = await house.log()
    assert [each.stream for each in log[-4:]] == [good[0].task_id] * 2 + [good[1].task_id] * 2
    assert len({each.command_id for each in log[-4:]}) == 1
    again = await house.run(house.ann, EditTask(task_id=bad.task_id, title="Still as it was"))
    assert again.state(TASK).version == 2


async def test_what_another_process_has_changed_is_not_refused_for_being_old(house):
    task = await house.task()
    await house.other.run(house.ann, ChangeStatus(task_id=task.task_id, status="in_progress"))
    done = await house.run(
        house.ann,
        ChangeTasks(
            workspace_id=house.workspace_id,
            task_ids=(task.task_id,),
            changes=(ChangeStatus(task_id="", status="in_review"),),
        ),
    )
    assert (dict(done.refused), done.changed) == ({}, True)


async def test_a_rehearsal_decides_and_records_nothing(house):
    task = await house.task()
    before = len(await house.log())
    command = ChangeTasks(
        workspace_id=house.workspace_id,
        task_ids=(task.task_id,),
        changes=(SetPriority(task_id="", priority_level=1),),
    )
    told = await house.executor.rehearse([command], Origin(house.ann))
    assert (told.changed, told.acted) == (True, {0})
    assert len(await house.log()) == before
    done = await house.run(house.ann, command)
    assert done.position == before + 1


async def test_changes_of_one_task_are_taken_back_in_one_commit_the_last_first(house):
    task = await house.task()
    positions = [
        (await house.run(house.ann, EditTask(task_id=task.task_id, title=f"Title {n}"))).position
        for n in range(3)
    ]
    done = await house.run(
        house.ann,
        UndoChanges(
            workspace_id=house.workspace_id,
            changes=tuple((position, None) for position in reversed(positions)),
        ),
    )
    assert not done.refused
    after = await house.run(house.ann, EditTask(task_id=task.task_id))
    assert after.state(TASK).title == task.title
