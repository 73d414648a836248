"""Templates of tasks and of projects."""

from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.queries import ReadQuery
from api.http.reads import Found, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Description, Name, Priority, Reference, Title
from api.routes.answers import TemplatePage
from api.routes.task_replies import whole_task
from commands.execution import Outcome
from commands.template.change_template import ChangeTemplate
from commands.template.create_template import CreateTemplate
from commands.template.delete_template import DeleteTemplate
from commands.template.restore_template import RestoreTemplate
from commands.template.use_template import UseTemplate
from domain.errors import Kind, not_found
from domain.project.state import PROJECT
from domain.template.decisions import TaskOutline
from domain.template.state import TEMPLATE, Template
from domain.values.ids import is_id
from domain.values.priority import chosen_level
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE
from projections.project_answers import ProjectAnswer, render_project
from projections.task_answers import TaskAnswer
from projections.templates import TEMPLATES_VIEW, TemplateAnswer, render_template

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Templates"])

Duration = Annotated[
    str, Field(max_length=40, description="Days or longer, ISO 8601: P3D, P1M, -P1W.")
]


class TaskOutlineBody(Body):
    """A task of a template. `{{name}}` in its texts is a variable. `ref` is a name for
    `depends_on` of another one, and for `below`, by which answers say what stands below what: that
    may be said by `subtasks` too. Days count from the one on which the template begins."""

    title: Title
    ref: Annotated[str, Field(max_length=64)] | None = None
    below: Annotated[str, Field(max_length=64)] | None = None
    description: Description = ""
    priority: Priority | None = None
    priority_level: Annotated[int, Field(ge=1, le=10)] | None = None
    type: Reference | None = None
    status: Reference | None = None
    assignee_ids: Annotated[list[Reference], Field(max_length=50, default_factory=list)]
    due_in: Duration | None = None
    start_in: Duration | None = None
    estimate: Annotated[float, Field(ge=0, le=1e9)] | None = None
    tags: Annotated[list[Reference], Field(max_length=50, default_factory=list)]
    fields: Annotated[dict[str, str | bool | float | list[str] | None], Field(default_factory=dict)]
    depends_on: Annotated[list[str], Field(max_length=100, default_factory=list)]
    subtasks: Annotated["list[TaskOutlineBody]", Field(default_factory=list)]

    def outline(self) -> TaskOutline:
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in self.fields.items()
        }
        return TaskOutline(
            title=self.title,
            ref=self.ref,
            below=self.below,
            description=self.description,
            priority=chosen_level(self.priority, self.priority_level),
            type=self.type,
            status=self.status,
            assignee_ids=tuple(self.assignee_ids),
            due_in=self.due_in,
            start_in=self.start_in,
            estimate=self.estimate,
            tags=tuple(self.tags),
            fields=fields,
            depends_on=tuple(self.depends_on),
            subtasks=tuple(each.outline() for each in self.subtasks),
        )


class NewTemplate(Body):
    """From a task with all below it, from a project with its tasks, or from what `tasks` say."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "A talk",
                    "tasks": [
                        {
                            "title": "Talk about {{topic}}",
                            "due_in": "P2W",
                            "subtasks": [{"title": "Slides", "due_in": "P1W"}],
                        }
                    ],
                }
            ]
        }
    )

    name: Name
    description: Description = ""
    workspace_id: Annotated[
        Reference, Field(description="Left out: that of the task or project, else your own.")
    ] | None = None  # fmt: skip
    from_task_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    from_project_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    kind: Literal["task", "project"] = "task"
    tasks: Annotated[list[TaskOutlineBody], Field(default_factory=list)]


class TemplateChanges(Body):
    derived: ClassVar[frozenset[str]] = frozenset(
        {"description", "kind", "task_count", "variables", "creator", "updated_by"}
        | {"created_at", "updated_at", "version", "position"}
    )
    identity: ClassVar[frozenset[str]] = frozenset({"id", "template_id", "workspace_id"})

    name: Name | None = None
    tasks: list[TaskOutlineBody] | None = None


class TemplateUse(Body):
    """A template of a task takes `project_id`, one of a project `name` and `key`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"project_id": "WEB", "variables": {"topic": "Replay"}}]}
    )

    may_be_left_out: ClassVar[bool] = True

    project_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    parent_task_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    name: Name | None = None
    key: Annotated[str, Field(description="2 to 10 of A-Z and 0-9.")] | None = None
    start_date: Annotated[str, Field(description="YYYY-MM-DD; today by default.")] | None = None
    variables: Annotated[dict[str, str], Field(default_factory=dict)]


@router.post(
    "/templates",
    summary="Keep a task or a project as a template",
    **write(TemplateAnswer, status=201, has_path=False),
)
async def create_template(call: CallHere, body: NewTemplate) -> Reply:
    task_id = await references.task_id_in_body(call, body.from_task_id, "/from_task_id")
    project_id = await references.project_id_in_body(call, body.from_project_id, "/from_project_id")
    command = CreateTemplate(
        name=body.name,
        description=body.description,
        workspace_id=body.workspace_id or await references.workspace_of(call, task_id, project_id),
        from_task_id=task_id,
        from_project_id=project_id,
        is_project=body.kind == "project",
        tasks=tuple(each.outline() for each in body.tasks),
    )
    outcome = await execute(call, [command], body=body)
    location = f"/api/v1/templates/{outcome.main_stream}"
    return await _answer(call, outcome, status=201, location=location)


class TemplateListQuery(PageQuery):
    workspace_id: Reference | None = None


@router.get(
    "/templates",
    summary="List a workspace's templates by name",
    **read(TemplatePage, is_list=True, has_path=False),
)
async def list_templates(call: CallHere, query: Annotated[TemplateListQuery, Query()]) -> Reply:
    house, position = call.house, call.position
    workspace_id = query.workspace_id or await references.default_workspace(call) or ""
    if not await _may_see(call, workspace_id):
        workspace_id = ""  # what one may not see is as empty as what is not there
    listing = await house.waiter.at_least(
        TEMPLATES_VIEW, position, lambda: house.templates.list(workspace_id, query.asked())
    )
    return page_reply(call, "templates", listing, await with_names(call, listing.docs, position))


@router.get(
    "/templates/{template_id}", summary="Read a template", **read(TemplateAnswer, is_one=True)
)
async def get_template(
    call: CallHere, template_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    position = call.position
    template = await _visible(call, template_id)
    found = Found(
        render_template(template), template.version, template.position, template.workspace_id, ""
    )
    return await one(call, found, position)


@router.patch(
    "/templates/{template_id}",
    summary="Change a template's name, or its tasks as a whole",
    **write(TemplateAnswer, conditional=True, may=(Kind.TRASHED,)),
)
async def change_template(call: CallHere, template_id: str, body: TemplateChanges) -> Reply:
    tasks = None if body.tasks is None else tuple(each.outline() for each in body.tasks)
    command = ChangeTemplate(template_id=template_id, name=body.name, tasks=tasks)
    return await _answer(call, await execute(call, [command], body=body, match=template_id))


@router.delete(
    "/templates/{template_id}",
    summary="Delete a template",
    **write(None, status=204, conditional=True, has_body=False),
)
async def delete_template(call: CallHere, template_id: str) -> Reply:
    command = DeleteTemplate(template_id=template_id)
    return await done(call, command, match=template_id)


@router.post(
    "/templates/{template_id}/restore",
    summary="Bring a deleted template back",
    **write(TemplateAnswer, conditional=True, has_body=False),
)
async def restore_template(call: CallHere, template_id: str) -> Reply:
    command = RestoreTemplate(template_id=template_id)
    return await _answer(call, await execute(call, [command], match=template_id))


@router.post(
    "/templates/{template_id}/use",
    summary="Make what a template describes",
    description="Answers with the task, or with the project, that the template describes.",
    **write(
        TaskAnswer,
        status=201,
        otherwise=ProjectAnswer,
        may=(
            Kind.TRASHED,
            Kind.ARCHIVED,
            Kind.ALREADY_EXISTS,
            Kind.GUARD_REFUSED,
            Kind.DEPENDENCY_CYCLE,
            Kind.WIP_LIMIT_REACHED,
        ),
    ),
)
async def use_template(call: CallHere, template_id: str, body: TemplateUse) -> Reply:
    await _visible(call, template_id, deleted=True)  # before anything of the body is looked up
    command = UseTemplate(
        template_id=template_id,
        project_id=await references.project_id_in_body(call, body.project_id),
        parent_task_id=await references.task_id_in_body(
            call, body.parent_task_id, "/parent_task_id"
        ),
        name=body.name,
        key=body.key,
        start_date=body.start_date,
        variables=body.variables,
    )
    outcome = await execute(call, [command], body=body)
    made = outcome.main_stream
    if is_id(made, "task"):
        doc, version = await whole_task(call, outcome, others_too=True)
        location = f"/api/v1/tasks/{made}"
    else:
        project = outcome.state(PROJECT)
        doc, version = await with_names(call, render_project(project)), project.version
        location = f"/api/v1/projects/{made}"
    return changed(call, outcome, doc, version, status=201, location=location)


async def _answer(
    call: Call, outcome: Outcome, *, status: int = 200, location: str | None = None
) -> Reply:
    template = outcome.state(TEMPLATE)
    doc = await with_names(call, render_template(template))
    return changed(call, outcome, doc, template.version, status=status, location=location)


async def _visible(call: Call, template_id: str, *, deleted: bool = False) -> Template:
    template = await call.access.newest(TEMPLATE, template_id)
    if template is None or (template.deleted and not deleted):
        raise not_found("template")
    if not await _may_see(call, template.workspace_id):
        raise not_found("template")
    return template


async def _may_see(call: Call, workspace_id: str) -> bool:
    workspace = await call.access.newest(WORKSPACE, workspace_id)
    if workspace is None:
        return False
    return Right.CREATE_PROJECT in workspace_rights(workspace, call.caller.user_id)
