"""Say which custom fields a project's tasks have."""

from commands.inverse import NoInverse
from commands.people import require_in_project
from commands.permissions import OnProject
from commands.spec import CommandSpec
from commands.work import Work
from domain.project import process
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDraft
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFields:
    """All fields, in order. Values of one that goes stay on the tasks that have them."""

    project_id: str
    fields: tuple[FieldDraft, ...]


async def change_fields(command: ChangeFields, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    ids = [work.new_id("fld") for _ in command.fields]
    events = process.change_fields(project, command.fields, ids, work.limits)
    require_in_project(
        work,
        project,
        (
            (draft.default, f"/fields/{index}/default")
            for index, draft in enumerate(command.fields)
            if draft.type == "user" and isinstance(draft.default, str)
        ),
    )
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


CHANGE_FIELDS = CommandSpec(
    command=ChangeFields,
    handler=change_fields,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectFieldsChanged,),
    route="PUT /projects/{id}/fields",
    inverse=NoInverse(
        "a field that went does not come back as the same one; change the fields again."
    ),
    writes=lambda command: command.project_id,
)
