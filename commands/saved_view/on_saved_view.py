"""What commands on saved views have in common: who sees one, who may change it."""

from typing import Protocol

from commands.permissions import (
    OfHome,
    forbidden,
    home_of,
    require_no_auditor,
    visible_project,
)
from commands.spec import Access
from commands.work import Work
from domain.errors import Kind, Refused, invalid, not_found
from domain.project.state import PROJECT
from domain.saved_view.state import SAVED_VIEW, SavedView
from domain.values.frozen import dataclass
from domain.workspace.roles import Right, project_rights, workspace_rights
from domain.workspace.state import WORKSPACE


class NamesView(Protocol):
    @property
    def view_id(self) -> str: ...


class NewView(OfHome, Protocol):
    @property
    def project_id(self) -> str | None: ...


async def visible_view(work: Work, view_id: str) -> SavedView | None:
    """A view that the caller may see, deleted or not: their own, or shared with a project that
    they see."""
    view = await work.load(SAVED_VIEW, view_id)
    workspace = None if view is None else await work.load(WORKSPACE, view.workspace_id)
    if view is None or workspace is None:
        return None
    if view.project_id is not None:
        return None if await visible_project(work, view.project_id) is None else view
    is_own = view.owner_id == work.actor and workspace.role_of(work.actor) is not None
    return view if is_own else None


async def require_may_share(work: Work, project_id: str, workspace_id: str) -> None:
    """Whoever edits a project's tasks may share views with it. Raises Invalid for a project that
    is not there, or not in the view's workspace."""
    place = await visible_project(work, project_id)
    if place is None or place[1].workspace_id != workspace_id:
        raise invalid("/project_id", "There is no such project in this workspace.", "unknown")
    if Right.EDIT_TASKS not in project_rights(*place, work.actor):
        raise forbidden(Right.EDIT_TASKS)


@dataclass(frozen=True, slots=True)
class SavesViews:
    """Whoever is in the workspace, auditors apart; with a project, who edits its tasks."""

    def __str__(self) -> str:
        may = f"may {Right.VIEW_WORKSPACE}, auditors apart"
        return f"{may}; shared: may {Right.EDIT_TASKS}, in the project"

    async def check(self, command: NewView, work: Work) -> Access:
        workspace_id = await _home(command, work)
        workspace = await work.load(WORKSPACE, workspace_id)
        rights = frozenset() if workspace is None else workspace_rights(workspace, work.actor)
        if workspace is None or Right.VIEW_WORKSPACE not in rights:
            raise invalid("/workspace_id", "There is no such workspace, or you may not see it.")
        require_no_auditor(workspace, work.actor)
        if command.project_id is not None:
            await require_may_share(work, command.project_id, workspace_id)
        return Access(workspace_id)


async def _home(command: NewView, work: Work) -> str:
    """The workspace named, that of the project to share with, or the default one."""
    if command.workspace_id is None and command.project_id is not None:
        place = await visible_project(work, command.project_id)
        if place is None:
            raise invalid("/project_id", "There is no such project, or you may not see it.")
        return place[1].workspace_id
    return await home_of(command, work)


async def home_of_view(command: NewView, work: Work) -> str:
    """Where a new view belongs, once it may be there."""
    if command.workspace_id is None and command.project_id is not None:
        return work.seen(PROJECT, command.project_id).workspace_id
    return await home_of(command, work)


@dataclass(frozen=True, slots=True)
class OnSavedView:
    """Its maker; of a shared one also whoever manages the project (`instead`), among those who see
    it there (`right`)."""

    right: Right = Right.VIEW_PROJECT
    own: bool = True
    instead: Right = Right.MANAGE_PROJECT

    def __str__(self) -> str:
        return f"made it; or, where it is shared, may {self.instead}"

    async def check(self, command: NamesView, work: Work) -> Access:
        view = await visible_view(work, command.view_id)
        if view is None:
            raise not_found("view")
        workspace = work.seen(WORKSPACE, view.workspace_id)
        require_no_auditor(workspace, work.actor)
        if view.owner_id != work.actor:
            assert view.project_id is not None  # nobody else sees one that is not shared
            project = work.seen(PROJECT, view.project_id)
            if self.instead not in project_rights(workspace, project, work.actor):
                detail = "Only whoever saved the view, and the project's admins, change it."
                raise Refused(Kind.FORBIDDEN, detail)
        return Access(view.workspace_id)
