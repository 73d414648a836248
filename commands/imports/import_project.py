"""Make a project for a log, or let a present one hold it as well."""

from typing import Final

from commands.imports.plan_project import extended_workflow, fields_for, new_workflow
from commands.imports.survey import Survey
from commands.inverse import NoInverse
from commands.permissions import InWorkspace, OnProject
from commands.spec import CommandSpec
from commands.work import Work
from domain.project import decisions, process
from domain.project.events import ProjectCreated, ProjectFieldsChanged, ProjectWorkflowChanged
from domain.project.state import PROJECT, key_scope
from domain.project.workflow import DEFAULT_WORKFLOW
from domain.values.frozen import dataclass
from domain.workspace.roles import Right

_RECORD: Final = "an import is the record of what happened elsewhere; archive the project instead."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProject:
    """A new project, its workflow and fields as the log shows them."""

    project_id: str
    workspace_id: str
    key: str
    name: str
    survey: Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendProject:
    """Statuses, moves and fields of the log are added where they are missing; nothing goes."""

    project_id: str
    survey: Survey


async def import_project(command: ImportProject, work: Work) -> str:
    workflow = new_workflow(command.survey) or DEFAULT_WORKFLOW
    created = decisions.create(
        key=command.key,
        name=command.name,
        owner_id=work.actor,
        column_ids=[work.new_id("col") for _ in workflow.statuses],
        limits=work.limits,
        workflow=workflow,
    )
    project_id = command.project_id
    work.record(PROJECT, command.workspace_id, project_id, *created)
    work.claim(key_scope(command.workspace_id), command.key, field="key", owner=project_id)
    _change_fields(command.survey, project_id, work)
    return project_id


async def extend_project(command: ExtendProject, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    workflow = extended_workflow(project.workflow, command.survey)
    changed = process.change_workflow(
        project, workflow, [work.new_id("col") for _ in workflow.statuses], work.limits
    )
    work.record(PROJECT, project.workspace_id, project.project_id, *changed)
    _change_fields(command.survey, project.project_id, work)
    return project.project_id


def _change_fields(survey: Survey, project_id: str, work: Work) -> None:
    project = work.seen(PROJECT, project_id)
    drafts = fields_for(project.fields, survey.attributes, work.limits)
    ids = [work.new_id("fld") for _ in drafts]
    changed = process.change_fields(project, drafts, ids, work.limits)
    work.record(PROJECT, project.workspace_id, project_id, *changed)


IMPORT_PROJECT = CommandSpec(
    command=ImportProject,
    handler=import_project,
    events=(ProjectCreated, ProjectFieldsChanged),
    route="taskledger import xes",
    inverse=NoInverse(_RECORD),
    permission=InWorkspace(Right.CREATE_PROJECT),
)

EXTEND_PROJECT = CommandSpec(
    command=ExtendProject,
    handler=extend_project,
    events=(ProjectWorkflowChanged, ProjectFieldsChanged),
    route="taskledger import xes",
    inverse=NoInverse(_RECORD),
    permission=OnProject(Right.MANAGE_PROJECT),
    writes=lambda command: command.project_id,
)
