"""Change a template's name, or its tasks as a whole."""

from commands.inverse import NoInverse
from commands.spec import CommandSpec
from commands.template.on_template import OnTemplate
from commands.work import Work
from domain.errors import invalid
from domain.template import decisions
from domain.template.decisions import TaskOutline
from domain.template.events import (
    TemplateEmptied,
    TemplateRenamed,
    TemplateTaskAdded,
)
from domain.template.state import TEMPLATE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTemplate:
    """What is None stays."""

    template_id: str
    name: str | None = None
    tasks: tuple[TaskOutline, ...] | None = None


async def change_template(command: ChangeTemplate, work: Work) -> str:
    template = work.seen(TEMPLATE, command.template_id)
    decisions.require_there(template)
    workspace_id, template_id = template.workspace_id, template.template_id
    if command.name is not None:
        renamed = decisions.rename(template, command.name, work.limits)
        work.record(TEMPLATE, workspace_id, template_id, *renamed)
    if command.tasks is not None:
        if template.project is None and decisions.at_the_top(command.tasks) != 1:
            raise invalid("/tasks", "A template of a task has one task at the top.")
        work.words.update(template.texts())
        filled = decisions.fill(template, command.tasks, work.limits)
        work.record(TEMPLATE, workspace_id, template_id, *filled)
    return template_id


CHANGE_TEMPLATE = CommandSpec(
    command=ChangeTemplate,
    handler=change_template,
    permission=OnTemplate(Right.MANAGE_MEMBERS),
    events=(TemplateRenamed, TemplateEmptied, TemplateTaskAdded),
    route="PATCH /templates/{id}",
    inverse=NoInverse("change it back."),
    writes=lambda command: command.template_id,
)
