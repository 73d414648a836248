"""Which project or workspace is to be exported, and by whom."""

from commands.execution import Executor
from commands.permissions import forbidden
from domain.errors import Invalid, invalid
from domain.project.state import PROJECT, Project, key_scope
from domain.values.frozen import dataclass
from domain.values.ids import is_id
from domain.workspace.roles import Right, project_rights, workspace_rights
from domain.workspace.state import Workspace
from infra.event_store.store import PostgresEventStore
from infra.people.acting import Acting


@dataclass(frozen=True, slots=True)
class ExportedProject:
    user_id: str
    workspace: Workspace
    project: Project


@dataclass(frozen=True, slots=True)
class ExportedWorkspace:
    user_id: str
    workspace: Workspace


class ExportedProjects:
    """Answers from the log alone. Raises Invalid for what is not there, or not to be seen by whom
    it is for, which is the same; Refused for who may see it and not export it."""

    def __init__(self, store: PostgresEventStore, executor: Executor) -> None:
        self._store = store
        self._states = executor.states
        self._acting = Acting(store, executor.states)

    async def find(
        self, project: str, workspace_id: str | None, user: str | None
    ) -> ExportedProject:
        """`project` is a key or an id; `user` a username, default the owner of the workspace."""
        if workspace_id is None and is_id(project, "proj"):
            found = await self._states.read(PROJECT, project)
            if found is None:
                raise _unknown(project)
            workspace_id = found.workspace_id
        user_id = await self._user(user, workspace_id)
        if workspace_id is None:
            workspace_id = await self._acting.home_of(user_id)
        workspace = await self._acting.workspace(workspace_id)
        state = await self._project(project, workspace_id)
        if Right.VIEW_PROJECT not in project_rights(workspace, state, user_id):
            raise _unknown(project)
        if Right.READ_TRAIL not in workspace_rights(workspace, user_id):
            raise forbidden(Right.READ_TRAIL)
        return ExportedProject(user_id, workspace, state)

    async def workspace(self, workspace_id: str | None, user: str | None) -> ExportedWorkspace:
        """`workspace_id` defaults to the user's own."""
        user_id = await self._user(user, workspace_id)
        workspace = await self._acting.workspace(
            workspace_id or await self._acting.home_of(user_id)
        )
        rights = workspace_rights(workspace, user_id)
        if not rights:
            raise unknown_workspace(workspace.workspace_id)
        if Right.READ_TRAIL not in rights:
            raise forbidden(Right.READ_TRAIL)
        return ExportedWorkspace(user_id, workspace)

    async def _user(self, name: str | None, workspace_id: str | None) -> str:
        if name is not None:
            return await self._acting.named(name)
        if workspace_id is not None:
            return await self._acting.owner_of(workspace_id)
        return await self._acting.first_account()

    async def _project(self, project: str, workspace_id: str) -> Project:
        project_id: str | None = project
        if not is_id(project, "proj"):
            project_id = await self._store.claimed_by(key_scope(workspace_id), project.upper())
        state = None if project_id is None else await self._states.read(PROJECT, project_id)
        if state is None or state.workspace_id != workspace_id:
            raise _unknown(project)
        return state


def unknown_workspace(workspace_id: str) -> Invalid:
    return invalid("/workspace", f"There is no workspace {workspace_id}.", "unknown")


def _unknown(project: str) -> Invalid:
    detail = f"There is no project {project} in this workspace, or they may not see it."
    return invalid("/project", f"{detail} Of another workspace, say which: --workspace.", "unknown")
