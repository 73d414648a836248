"""A command that is within one workspace, as with a key for it, finds nothing of any other."""

from typing import Any

import pytest

from commands.project.create_project import CreateProject
from commands.task.create_task import CreateTask
from commands.task.trash_task import TrashTask
from commands.workspace.create_workspace import CreateWorkspace
from domain.errors import Invalid, Kind, Refused
from domain.project.state import PROJECT
from domain.values.recorded import Origin
from infra.ids import new_id

WITH_ANY_LOG = True


async def test_there_is_nothing_outside(house: Any):
    other = (await house.run(house.ann, CreateWorkspace(name="Other"))).main_stream
    task = await house.task()
    outside = Origin(house.ann, within=other)

    async def run(command: object) -> Any:
        return await house.executor.execute([command], outside)

    for command in (TrashTask(task_id=task.task_id), TrashTask(task_id=new_id("task"))):
        with pytest.raises(Refused) as caught:
            await run(command)
        assert caught.value.kind is Kind.NOT_FOUND
    for project_id in (house.project_id, new_id("proj"), None):
        with pytest.raises(Invalid):
            await run(CreateTask(title="x", project_id=project_id))
    with pytest.raises(Refused) as caught:
        await run(CreateWorkspace(name="One more"))
    assert caught.value.kind is Kind.FORBIDDEN
    made = await run(CreateProject(name="Here"))
    assert made.state(PROJECT).workspace_id == other
    assert (await house.run(house.ann, TrashTask(task_id=task.task_id))).changed
