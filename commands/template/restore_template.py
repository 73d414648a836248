"""Bring a deleted template back."""

from commands.spec import BY_EVENTS, CommandSpec
from commands.template.on_template import OnTemplate
from commands.work import Work
from domain.template import decisions
from domain.template.events import TemplateRestored
from domain.template.state import TEMPLATE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTemplate:
    template_id: str


async def restore_template(command: RestoreTemplate, work: Work) -> str:
    template = work.seen(TEMPLATE, command.template_id)
    events = decisions.restore(template)
    work.record(TEMPLATE, template.workspace_id, template.template_id, *events)
    return template.template_id


RESTORE_TEMPLATE = CommandSpec(
    command=RestoreTemplate,
    handler=restore_template,
    permission=OnTemplate(Right.MANAGE_MEMBERS),
    events=(TemplateRestored,),
    route="POST /templates/{id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: command.template_id,
)
