"""Of what something is to be a favourite, and in which workspace that is."""

from typing import Protocol

from commands.work import Work
from domain.project.state import PROJECT
from domain.task.state import TASK


class OfEither(Protocol):
    @property
    def project_id(self) -> str | None: ...

    @property
    def task_id(self) -> str | None: ...


def of_entity(command: OfEither, work: Work) -> tuple[str, str]:
    """The id of the task or project, which the permission has seen, and its workspace's."""
    if command.task_id is not None:
        return command.task_id, work.seen(TASK, command.task_id).workspace_id
    assert command.project_id is not None  # it is one of the two
    return command.project_id, work.seen(PROJECT, command.project_id).workspace_id
