"""A member's tasks go to another, as far as the other has room for them."""

from commands.task.assign_task import AssignTask
from commands.workspace.hand_over_tasks import HandOverTasks
from domain.task.state import TASK
from domain.workspace.events import WorkspaceTasksHandedOver
from tests.commands.refusals import refusal
from tests.commands.task.test_room import doing, limit


async def test_what_finds_no_room_in_a_lane_stays_where_it_is(house):
    task_ids = [await doing(house, assignee_id=house.bob) for _ in range(3)]
    shared = await doing(house, assignee_ids=(house.bob, house.ann))
    waiting = (await house.task(assignee_id=house.bob)).task_id
    await limit(house, lane_wip_limit=2)
    outcome = await house.run(
        house.ann,
        HandOverTasks(
            workspace_id=house.workspace_id,
            user_id=house.bob,
            to=house.ann,
            task_ids=(*task_ids, shared, waiting),
        ),
    )
    assert outcome.changed
    # One more fits beside the card that both had, and what stands in no limited column.
    taken = [task_ids[0], shared, waiting]
    for task_id in (*task_ids, shared, waiting):
        task = await house.executor.states.read(TASK, task_id)
        assert task.assignee_ids == ((house.ann,) if task_id in taken else (house.bob,))
    (told,) = [
        each.event for each in await house.log() if isinstance(each.event, WorkspaceTasksHandedOver)
    ]
    assert (told.handed_over, told.left_out) == (3, 2)
    full = AssignTask(task_id=task_ids[1], assignee_ids=(house.ann,))
    assert (await refusal(house.run(house.ann, full))).fields["lane"] == house.ann
