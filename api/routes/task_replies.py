"""Replies about tasks that several routes give: one after a change, and a page of them."""

from api.http.absence import if_seen
from api.http.call import Call
from api.http.names import with_names
from api.http.paging import filled_page, page_reply
from api.http.past import with_names_then
from api.http.reads import facts_of
from api.http.references import after_task
from api.http.reply import Reply
from api.routes.task_listing import TaskList
from commands.execution import Outcome
from domain.project.state import PROJECT
from domain.task.state import TASK
from infra.postgres.views.reader import Asked
from projections.questions import Page
from projections.task_answers import Facts, render
from projections.tasks import TASKS_VIEW


def facts_beside(call: Call, task_id: str) -> Asked[Facts] | None:
    """What the view has about a task, asked while it is changed, for `whole_task`; None where this
    process does not know the task, nor the workspace to ask within."""
    house = call.house
    task = house.executor.states.kept(TASK, task_id)
    return None if task is None else house.tasks.facts(task.workspace_id, task_id)


async def whole_task(
    call: Call,
    outcome: Outcome,
    beside: Asked[Facts] | None = None,
    *,
    others_too: bool = False,
) -> tuple[bytes, int]:
    """The whole task after a change, and its version. `others_too`: the change was also about
    tasks below it, of which the view has to have heard."""
    house = call.house
    task = outcome.state(TASK)
    if others_too:
        await if_seen(house.waiter.reached(TASKS_VIEW, outcome.position))
    facts = await if_seen(beside or house.tasks.facts(task.workspace_id, task.task_id))
    project = outcome.peek(PROJECT, task.project_id)
    if project is None:
        # A first answer again, and the task has moved to another project since.
        project = await call.access.known(PROJECT, task.project_id)
        assert project is not None  # a task's project is never gone
    doc = render(task, facts_of(task, project, facts))
    return await with_names(call, doc), task.version


async def task_page(call: Call, tasks: TaskList, page: Page) -> Reply:
    """A page of those that the caller may see."""
    listing = await tasks.page(call, await after_task(call, page))
    if tasks.moment is None:
        return await filled_page(call, "tasks", listing)
    docs = await with_names_then(call, tasks.moment, listing.docs)
    return page_reply(call, "tasks", listing, docs)
