"""Dependencies between tasks: make, list and remove them, follow them, and put tasks in order."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.positions import position_headers
from api.http.queries import ReadQuery
from api.http.reads import find_project, find_task
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference
from api.routes.answers import DependencyPage, DependencyTree, TaskOrder, TreeNode, encode
from api.routes.project_query import Workspace
from commands.dependency_graph.add_dependency import AddDependency
from commands.dependency_graph.remove_dependency import RemoveDependency
from domain.dependency_graph.order import in_order
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.errors import Kind, Refused, invalid, not_found
from domain.task.decisions import RELATIONS
from infra.postgres.views.dependency_queries import (
    MOST_IN_TREE,
    ProjectEdges,
    Step,
    Steps,
)
from projections.questions import Listing, Scope
from projections.task_answers import DependencyAnswer, render_dependency
from projections.tasks import TASKS_VIEW

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Dependencies"])

DEEPEST: Final = 50

_OTHERS: Final = ("blocks_task_id", "to_task_id", "depends_on_id")
_SWAPPED: Final = {
    "blocks": "blocked_by",
    "blocked_by": "blocked_by",
    "relates": "relates",
    "duplicates": "duplicated_by",
}


class NewDependency(Body):
    """The other task under one of three names: `blocks_task_id` or `to_task_id`, to which this
    task does what `dependency_type` says, or `depends_on_id`, which does it to this task.
    `blocked_by` is `blocks` with the ends swapped."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"blocks_task_id": "WEB-42", "dependency_type": "blocks"}]}
    )

    blocks_task_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    to_task_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    depends_on_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    dependency_type: Literal["blocks", "blocked_by", "relates", "duplicates"] = "blocks"

    def other(self) -> tuple[str, str]:
        """Under which name the other task is named, and how. Raises Invalid."""
        given = [(name, getattr(self, name)) for name in _OTHERS]
        named = [(name, value) for name, value in given if value is not None]
        if not named:
            detail = "Name the other task: blocks_task_id, to_task_id or depends_on_id."
            raise invalid("/blocks_task_id", detail, "required")
        if len(named) > 1:
            raise invalid(f"/{named[1][0]}", "Name the other task once.", "repeated")
        return named[0]

    def relation(self) -> str:
        """What this task does to the other."""
        if self.depends_on_id is not None:
            return _SWAPPED[self.dependency_type]
        return self.dependency_type


class TreeQuery(ReadQuery):
    direction: Annotated[
        Literal["up", "down"], Field(description="`down`: what it blocks; `up`: what blocks it.")
    ] = "down"
    depth: Annotated[int, Field(ge=1, le=DEEPEST)] = DEEPEST


class OrderQuery(ReadQuery):
    task_ids: Annotated[
        tuple[str, ...],
        Field(max_length=1_000, description="Ids or keys: only these, by repeating or by comma."),
    ] = ()
    workspace_id: Workspace = None


@router.post(
    "/tasks/{task_id}/dependencies",
    summary="Make a task depend on another, or another on it",
    **write(
        DependencyAnswer,
        status=201,
        may=(Kind.DEPENDENCY_CYCLE, Kind.ALREADY_EXISTS, Kind.TRASHED, Kind.ARCHIVED),
    ),
)
async def add_dependency(call: CallHere, task_id: str, body: NewDependency) -> Reply:
    found = await references.task_id(call, task_id)
    name, other = body.other()
    command = AddDependency(
        task_id=found,
        other_task_id=await references.task_id_or_text(call, other),
        relation=body.relation(),
        pointer=f"/{name}",
    )
    outcome = await execute(call, [command], body=body)
    type_, is_source = RELATIONS[command.relation]
    ends = (found, command.other_task_id)
    edge = outcome.state(DEPENDENCY_GRAPH).edge(type_, *(ends if is_source else ends[::-1]))
    if edge is None:  # a batch that is repeated is shown as it is now
        raise not_found("dependency")
    doc = render_dependency(edge, edge.creator_id, edge.created_at)
    location = f"/api/v1/tasks/{found}/dependencies/{edge.dependency_id}"
    return changed(call, outcome, await with_names(call, doc), 1, status=201, location=location)


@router.get(
    "/tasks/{task_id}/dependencies",
    summary="List a task's dependencies, the oldest first",
    **read(DependencyPage, is_list=True),
)
async def list_dependencies(
    call: CallHere, task_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    house, position = call.house, call.position
    found = await references.task_id(call, task_id)
    task = await find_task(call, found)
    page = query.asked()

    async def ask(scope: Scope) -> Listing:
        return await house.waiter.at_least(
            TASKS_VIEW, position, lambda: house.dependencies.list(scope, found, page)
        )

    listing = await call.access.within(call.caller.user_id, (task.workspace_id,), ask)
    docs = await with_names(call, listing.docs, position)
    return page_reply(call, "dependencies", listing, docs)


@router.delete(
    "/tasks/{task_id}/dependencies/{dependency_id}",
    summary="Let two tasks no longer depend on each other",
    **write(None, status=204, has_body=False, may=(Kind.TRASHED, Kind.ARCHIVED)),
)
async def remove_dependency(call: CallHere, task_id: str, dependency_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    command = RemoveDependency(task_id=found, dependency_id=dependency_id)
    return await done(call, command)


@router.get(
    "/tasks/{task_id}/dependencies/tree",
    summary="Follow what a task blocks, or what blocks it",
    **read(DependencyTree),
)
async def dependency_tree(
    call: CallHere, task_id: str, query: Annotated[TreeQuery, Query()]
) -> Reply:
    house, position = call.house, call.position
    found = await references.task_id(call, task_id)
    task = await find_task(call, found)

    async def ask(scope: Scope) -> Steps:
        return await house.waiter.at_least(
            TASKS_VIEW, position, lambda: _walk(call, scope, found, query)
        )

    walked = await call.access.within(call.caller.user_id, (task.workspace_id,), ask)
    if not walked.steps:
        raise _not_there_yet(walked.position)
    tree, truncated = _tree(walked.steps)
    answer = DependencyTree(
        id=tree.id,
        task_id=tree.task_id,
        project_id=tree.project_id,
        key=tree.key,
        title=tree.title,
        status=tree.status,
        status_category=tree.status_category,
        repeated=False,
        children=tree.children,
        direction=query.direction,
        depth=query.depth,
        truncated=truncated,
    )
    return Reply(200, encode(answer), position_headers(call, walked.position))


async def _walk(call: Call, scope: Scope, task_id: str, query: TreeQuery) -> Steps:
    """Level by level, each task once: the first step is the task itself. One more than may be
    shown where there is more."""
    dependencies = call.house.dependencies
    start = await dependencies.start(scope, task_id)
    steps, position = list(start.steps), start.position
    met, level = {task_id}, [each.task_id for each in start.steps]
    for _ in range(query.depth):
        if not level or len(steps) > MOST_IN_TREE:
            break
        most = MOST_IN_TREE + 1 - len(steps)
        found = await dependencies.steps(scope, level, query.direction, most)
        position = min(position, found.position)
        steps += found.steps
        reached = dict.fromkeys(each.task_id for each in found.steps)
        level = [each for each in reached if each not in met]
        met.update(level)
    return Steps(steps, position)


def _tree(steps: Sequence[Step]) -> tuple[TreeNode, bool]:
    """Nested: a task that is reached on several ways is unfolded where it is met first."""
    shown = steps[:MOST_IN_TREE]
    root = _node(shown[0], repeated=False)
    first = {root.task_id: root}
    for step in shown[1:]:
        node = _node(step, repeated=step.task_id in first)
        first[step.near].children.append(node)
        first.setdefault(step.task_id, node)
    return root, len(steps) > MOST_IN_TREE


def _node(step: Step, *, repeated: bool) -> TreeNode:
    return TreeNode(
        id=step.task_id,
        task_id=step.task_id,
        project_id=step.project_id,
        key=step.key,
        title=step.title,
        status=step.status,
        status_category=step.status_category,
        repeated=repeated,
        children=[],
    )


def _not_there_yet(position: int) -> Refused:
    """The task is in the log, and the view does not have it yet."""
    return Refused(
        Kind.VIEW_BEHIND,
        "The view of tasks does not show this task yet; try again in a moment.",
        view=TASKS_VIEW.name,
        position=position,
    )


@router.get(
    "/projects/{project_id}/task-order",
    summary="Put a project's tasks in an order in which they can be done",
    **read(TaskOrder),
)
async def task_order(
    call: CallHere, project_id: str, query: Annotated[OrderQuery, Query()]
) -> Reply:
    house, position = call.house, call.position
    found = await references.project_id(call, project_id, query.workspace_id)
    project = await find_project(call, found, position=position)

    async def ask(scope: Scope) -> ProjectEdges:
        return await house.waiter.at_least(
            TASKS_VIEW,
            position,
            lambda: house.dependencies.of_project(scope, project.workspace_id, found),
        )

    edges = await call.access.within(call.caller.user_id, (project.workspace_id,), ask)
    ordered = in_order(edges.tasks, edges.blocks)
    if query.task_ids:
        wanted = {await references.task_id_or_text(call, each) for each in query.task_ids}
        ordered = [each for each in ordered if each in wanted]
    return Reply(200, encode(TaskOrder(ordered)), position_headers(call, edges.position))
