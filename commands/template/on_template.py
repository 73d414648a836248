"""What commands on one template have in common."""

from typing import Protocol

from commands.spec import Access
from commands.work import Work
from domain.errors import Kind, Refused, not_found
from domain.template.state import TEMPLATE, Template
from domain.values.frozen import dataclass
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE


class NamesTemplate(Protocol):
    @property
    def template_id(self) -> str: ...


async def visible_template(work: Work, template_id: str) -> Template | None:
    """A template that the caller may see, deleted or not: templates are for those who may make
    projects in its workspace."""
    template = await work.load(TEMPLATE, template_id)
    workspace = None if template is None else await work.load(WORKSPACE, template.workspace_id)
    if workspace is None:
        return None
    return template if Right.CREATE_PROJECT in workspace_rights(workspace, work.actor) else None


@dataclass(frozen=True, slots=True)
class OnTemplate:
    """Whoever made it, and whoever has the right in its workspace; `manager` None: all who see
    it."""

    manager: Right | None

    def __str__(self) -> str:
        may = f"may {Right.CREATE_PROJECT}, in the template's workspace"
        return may if self.manager is None else f"made it, or may {self.manager}"

    async def check(self, command: NamesTemplate, work: Work) -> Access:
        template = await visible_template(work, command.template_id)
        if template is None:
            raise not_found("template")
        workspace = work.seen(WORKSPACE, template.workspace_id)
        is_own = self.manager is None or template.creator_id == work.actor
        if not is_own and self.manager not in workspace_rights(workspace, work.actor):
            raise Refused(Kind.FORBIDDEN, "Only whoever made the template, and admins, change it.")
        return Access(template.workspace_id)
