"""Who may: deny by default, and what may not be seen looks exactly like what does not exist."""

from typing import Protocol

from commands.spec import Access
from commands.work import Work
from domain.errors import Kind, Refused, invalid, not_found
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.workspace.roles import Right, project_rights, workspace_rights
from domain.workspace.state import WORKSPACE, Workspace


class OfTask(Protocol):
    @property
    def task_id(self) -> str: ...


class OfProject(Protocol):
    @property
    def project_id(self) -> str: ...


class OfWorkspace(Protocol):
    @property
    def workspace_id(self) -> str: ...


class OfUser(Protocol):
    @property
    def user_id(self) -> str: ...


class OfMember(OfWorkspace, OfUser, Protocol):
    """A member of a workspace."""


class OfPlace(Protocol):
    @property
    def project_id(self) -> str | None: ...

    @property
    def parent_task_id(self) -> str | None: ...


class OfHome(Protocol):
    @property
    def workspace_id(self) -> str | None: ...


async def visible_project(work: Work, project_id: str) -> tuple[Workspace, Project] | None:
    """A project and its workspace where the caller may see them, else None."""
    project = await work.load(PROJECT, project_id)
    if project is None:
        return None
    workspace = await work.load(WORKSPACE, project.workspace_id)
    if workspace is None:
        return None
    seen = Right.VIEW_PROJECT in project_rights(workspace, project, work.actor)
    return (workspace, project) if seen else None


async def present_task(work: Work, task_id: str) -> Task | None:
    """A task, trashed or not; None where there is none, or none any more."""
    task = await work.load(TASK, task_id)
    return None if task is None or task.purged else task


async def visible_task(work: Work, task_id: str) -> Task | None:
    """A task whose project the caller may see, trashed or not; else None."""
    task = await present_task(work, task_id)
    if task is None or await visible_project(work, task.project_id) is None:
        return None
    return task


def forbidden(right: Right) -> Refused:
    return Refused(
        Kind.FORBIDDEN, f"Your role does not let you {right}; ask an admin for another role."
    )


def require_no_auditor(workspace: Workspace, user_id: str) -> None:
    """Raises Refused(FORBIDDEN)."""
    if workspace.role_of(user_id) == "auditor":
        raise Refused(Kind.FORBIDDEN, "Auditors look on, and change nothing.")


def require_whole_key(work: Work) -> None:
    """A person is more than what they are in one workspace. Raises Refused(FORBIDDEN)."""
    if work.origin.within is not None:
        raise Refused(Kind.FORBIDDEN, "This key is for one workspace; use another one.")


def require_right(work: Work, workspace: Workspace, project: Project, right: Right) -> Access:
    """Granted in a project that the caller sees. Raises Refused(FORBIDDEN)."""
    if right not in project_rights(workspace, project, work.actor):
        raise forbidden(right)
    return Access(workspace.workspace_id)


@dataclass(frozen=True, slots=True)
class OnTask:
    """The right in the task's project. `purged`: also where the task is not there any more, so that
    who purged it and did not hear that may ask again."""

    right: Right
    purged: bool = False

    def __str__(self) -> str:
        return f"may {self.right}, in the task's project"

    async def check(self, command: OfTask, work: Work) -> Access:
        task = await work.load(TASK, command.task_id)
        place = None if task is None else await visible_project(work, task.project_id)
        if task is None or place is None:
            raise not_found("task")
        may_again = self.purged and self.right in project_rights(*place, work.actor)
        if task.purged and not may_again:
            raise not_found("task")
        return require_right(work, *place, self.right)


@dataclass(frozen=True, slots=True)
class ForOneself:
    """What is nobody else's business: whoever sees the task or project, but for auditors, who
    write nothing at all."""

    def __str__(self) -> str:
        return f"for oneself: may {Right.VIEW_PROJECT}, auditors apart"

    async def check(self, command: object, work: Work) -> Access:
        task_id: str | None = getattr(command, "task_id", None)
        project_id: str | None = getattr(command, "project_id", None)
        if task_id is not None:
            task = await present_task(work, task_id)
            project_id = None if task is None else task.project_id
        place = None if project_id is None else await visible_project(work, project_id)
        if place is None:
            raise not_found("project" if task_id is None else "task")
        workspace, _ = place
        require_no_auditor(workspace, work.actor)
        return Access(workspace.workspace_id)


@dataclass(frozen=True, slots=True)
class OnProject:
    """The right in the project itself."""

    right: Right

    def __str__(self) -> str:
        return f"may {self.right}"

    async def check(self, command: OfProject, work: Work) -> Access:
        place = await visible_project(work, command.project_id)
        if place is None:
            raise not_found("project")
        return require_right(work, *place, self.right)


@dataclass(frozen=True, slots=True)
class InNamedProject:
    """The right in the project that the request names; without one, in that of the task that it
    names to stand above, else in the caller's own."""

    right: Right

    def __str__(self) -> str:
        return f"may {self.right}, in the project named"

    async def check(self, command: OfPlace, work: Work) -> Access:
        place = await visible_project(work, await place_of(command, work))
        if place is None:
            raise invalid("/project_id", "There is no such project, or you may not see it.")
        return require_right(work, *place, self.right)


async def place_of(command: OfPlace, work: Work) -> str:
    """The id of the project that a new task goes to: the one named, that of the task above it,
    else the caller's own."""
    if command.project_id is not None:
        return command.project_id
    if command.parent_task_id is not None:
        parent = await visible_task(work, command.parent_task_id)
        if parent is None:
            raise invalid(
                "/parent_task_id", "There is no such task, or you may not see it.", "unknown"
            )
        return parent.project_id
    user = await work.load(USER, work.actor)
    if user is None or user.personal_project_id is None:
        raise invalid("/project_id", "You have no project of your own; name a project.")
    return user.personal_project_id


async def access_to(work: Work, workspace_id: str, right: Right) -> Access | None:
    """Granted in a workspace; None where the caller is not in it. Raises Refused(FORBIDDEN)."""
    workspace = await work.load(WORKSPACE, workspace_id)
    if workspace is None:
        return None
    rights = workspace_rights(workspace, work.actor)
    if Right.VIEW_WORKSPACE not in rights:
        return None
    if right not in rights:
        raise forbidden(right)
    return Access(workspace_id)


@dataclass(frozen=True, slots=True)
class InWorkspace:
    """The right in the workspace itself."""

    right: Right

    def __str__(self) -> str:
        return f"may {self.right}"

    async def check(self, command: OfWorkspace, work: Work) -> Access:
        access = await access_to(work, command.workspace_id, self.right)
        if access is None:
            raise not_found("workspace")
        return access


async def home_of(command: OfHome, work: Work) -> str:
    """The id of the workspace that something new goes to: the one named, else the default one."""
    if command.workspace_id is not None:
        return command.workspace_id
    if work.origin.within is not None:
        return work.origin.within
    user = await work.load(USER, work.actor)
    if user is None or user.default_workspace_id is None:
        raise invalid("/workspace_id", "You have no workspace of your own; name a workspace.")
    return user.default_workspace_id


@dataclass(frozen=True, slots=True)
class InNamedWorkspace:
    """The right in the workspace that the request names; without one, in the default one."""

    right: Right

    def __str__(self) -> str:
        return f"may {self.right}, in the workspace named"

    async def check(self, command: OfHome, work: Work) -> Access:
        access = await access_to(work, await home_of(command, work), self.right)
        if access is None:
            raise invalid("/workspace_id", "There is no such workspace, or you may not see it.")
        return access


@dataclass(frozen=True, slots=True)
class OneselfOrInWorkspace:
    """Anybody may leave; for others, the right in the workspace."""

    right: Right

    def __str__(self) -> str:
        return f"oneself, or may {self.right}"

    async def check(self, command: OfMember, work: Work) -> Access:
        if command.user_id == work.actor:
            return await InWorkspace(Right.VIEW_WORKSPACE).check(command, work)
        return await InWorkspace(self.right).check(command, work)


@dataclass(frozen=True, slots=True)
class OneselfOrInNamedWorkspace(OneselfOrInWorkspace):
    """The same in the workspace that the request names."""

    async def check(self, command: OfMember, work: Work) -> Access:
        right = Right.VIEW_WORKSPACE if command.user_id == work.actor else self.right
        return await InNamedWorkspace(right).check(command, work)


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Nobody changes the account of another."""

    def __str__(self) -> str:
        return "oneself"

    async def check(self, command: OfUser, work: Work) -> Access:
        if command.user_id != work.actor or await work.load(USER, work.actor) is None:
            raise not_found("user")
        return Access(SYSTEM_WORKSPACE)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Any account."""

    def __str__(self) -> str:
        return "any account"

    async def check(self, command: object, work: Work) -> Access:
        user = await work.load(USER, work.actor)
        if user is None or not user.can_log_in:
            raise Refused(Kind.UNAUTHENTICATED, "Log in first.")
        require_whole_key(work)
        return Access(SYSTEM_WORKSPACE)
