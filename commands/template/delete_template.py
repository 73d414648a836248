"""Take a template out of use; what was made from it stays."""

from commands.spec import BY_EVENTS, CommandSpec
from commands.template.on_template import OnTemplate
from commands.work import Work
from domain.template import decisions
from domain.template.events import TemplateDeleted
from domain.template.state import TEMPLATE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTemplate:
    template_id: str


async def delete_template(command: DeleteTemplate, work: Work) -> str:
    template = work.seen(TEMPLATE, command.template_id)
    events = decisions.delete(template)
    work.record(TEMPLATE, template.workspace_id, template.template_id, *events)
    return template.template_id


DELETE_TEMPLATE = CommandSpec(
    command=DeleteTemplate,
    handler=delete_template,
    permission=OnTemplate(Right.MANAGE_MEMBERS),
    events=(TemplateDeleted,),
    route="DELETE /templates/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.template_id,
)
