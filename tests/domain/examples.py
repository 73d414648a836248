"""A project and a task to decide about."""

from typing import Any

from domain.project import decisions as projects
from domain.project.state import PROJECT, Project
from domain.project.workflow import DEFAULT_WORKFLOW, Workflow
from domain.task import decisions as tasks
from domain.task.state import TASK
from domain.workspace import decisions as workspaces
from domain.workspace.events import WorkspaceMemberAdded
from domain.workspace.state import WORKSPACE
from tests.domain.given import (
    ANN,
    BOB,
    LIMITS,
    PROJECT_ID,
    TASK_ID,
    WORKSPACE_ID,
    Case,
    given,
    stamp,
)


def ids(kind: str, count: int = 100) -> list[str]:
    return [f"{kind}_{n:026}" for n in range(count)]


def workspace_of(*members: tuple[str, str]) -> Case[Any]:
    """Ann's, with these members (user id, role)."""
    return given(
        WORKSPACE,
        WORKSPACE_ID,
        *workspaces.create(name="Acme", owner_id=ANN, limits=LIMITS),
        *(WorkspaceMemberAdded(user_id=user_id, role=role) for user_id, role in members),
    )


def project_of(
    *events: object, workflow: Workflow = DEFAULT_WORKFLOW, owner_id: str = ANN, **other: Any
) -> Case[Any]:
    made = projects.create(
        key="WEB",
        name="Website",
        owner_id=owner_id,
        column_ids=ids("col", len(workflow.statuses)),
        limits=LIMITS,
        workflow=workflow,
        **other,
    )
    return given(PROJECT, PROJECT_ID, *made, *events)


def task_of(*events: object, project: Project | None = None, **other: Any) -> Case[Any]:
    made = tasks.create(
        project or project_of().state, title="Paint it", rank="a1", limits=LIMITS, **other
    )
    return given(TASK, TASK_ID, *made, *events)


def founded(events: tuple[object, ...]) -> Any:
    """The state of a task after its first events."""
    return TASK.fold((each, stamp(n)) for n, each in enumerate(events, start=1))


BOB_MEMBER = (BOB, "member")
