"""What a list of tasks is asked of the view, and where."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from api.http import references
from api.http.call import Call
from api.http.labels import with_meant_tags
from api.http.past import asked_then
from api.query.field_query import field_sort, fields_asked
from api.query.reading import names_projects, query_limits, read
from api.routes.task_query import QUERY_POINTER, TaskListQuery
from domain.errors import invalid
from domain.user.state import USER
from domain.values.frozen import dataclass
from infra.answer_cache import Place
from projections.intervals import INTERVALS_VIEW
from projections.past_moments import Moment
from projections.query.conditions import asks_the_past, asks_words
from projections.query.moments import Calendar
from projections.query.syntax import Query
from projections.questions import Listing, Page, Scope
from projections.search import SEARCH_VIEW
from projections.task_questions import Sort, TaskFilter
from projections.tasks import TASKS_VIEW


class TaskInWorkspaceQuery(TaskListQuery):
    workspace_id: Annotated[
        str | None,
        Field(max_length=100, description="Default: your own, where no project is named."),
    ] = None


@dataclass(frozen=True, slots=True)
class TaskList:
    """The tasks of these workspaces that the filter finds, in this order; `moment`: as of then."""

    workspaces: tuple[str, ...]
    asked: TaskFilter
    order: Sort
    moment: Moment | None = None

    async def page(self, call: Call, page: Page) -> Listing:
        """Of those that the caller may see."""
        house, position = call.house, call.position
        call.about = self.asked.project_ids
        if self.moment is not None:
            home = await self._place(call) if self.moment.imports else None
            return await asked_then(
                call,
                self.moment,
                self.workspaces if home is None else (home.workspace_id,),
                lambda past: past.tasks(self.asked, self.order, page),
            )
        if position is not None:
            await self.others_reached(call, position)
        place = await self._place(call)

        async def ask(scope: Scope) -> Listing:
            return await house.waiter.at_least(
                TASKS_VIEW, position, lambda: self._seen(call, place, scope, page)
            )

        workspaces = self.workspaces if place is None else (place.workspace_id,)
        return await call.access.within(call.caller.user_id, workspaces, ask)

    async def _place(self, call: Call) -> Place | None:
        """The one project that all of it comes from, where that is known."""
        if len(self.asked.project_ids) != 1:
            return None
        (project_id,) = self.asked.project_ids
        home = await call.access.home(project_id, self.workspaces)
        return None if home is None else Place(TASKS_VIEW, home, project_id)

    async def _seen(self, call: Call, place: Place | None, scope: Scope, page: Page) -> Listing:
        """As the view has it. What follows from one project's rows in that view alone may be kept,
        and is the same for all who see that project."""
        house, asked = call.house, self.asked

        async def ask() -> Listing:
            return await house.tasks.list(scope, asked, self.order, page)

        is_timeless = asked.overdue is None and asked.where is None
        if (
            place is None
            or not is_timeless
            or asks_words(asked)
            or not scope.shows(place.workspace_id, place.project_id)
        ):
            return await ask()
        key = ("list", replace(asked, now=None), self.order, page)
        return await house.answer_cache.answer(key, place, ask)

    async def others_reached(self, call: Call, position: int) -> None:
        """Where other views are asked beside that of tasks: once these show that position."""
        if asks_the_past(self.asked.where):
            await call.house.waiter.reached(INTERVALS_VIEW, position)
        if asks_words(self.asked):
            await call.house.waiter.reached(SEARCH_VIEW, position)


async def in_workspace(
    call: Call, query: TaskInWorkspaceQuery, moment: Moment | None = None
) -> TaskList:
    """Of the workspace that the query names, else of the projects that it names, else of the
    caller's default workspace. Raises Invalid for a filter that is none."""
    workspace_id = query.workspace_id
    written = query.parsed(query_limits(call.house.settings))
    names = query.project_id or (written is not None and names_projects(written))
    if workspace_id is None and not names:
        workspace_id = await references.default_workspace(call)
    return await _listed(call, query, written, workspace_id, mine=False, moment=moment)


async def everywhere(
    call: Call,
    query: TaskListQuery,
    workspace_id: str | None = None,
    *,
    mine: bool = False,
    moment: Moment | None = None,
) -> TaskList:
    """Of one workspace, or of all that the caller is in; `mine`: assigned to them."""
    written = query.parsed(query_limits(call.house.settings))
    return await _listed(call, query, written, workspace_id, mine=mine, moment=moment)


async def _listed(
    call: Call,
    query: TaskListQuery,
    written: Query | None,
    workspace_id: str | None,
    *,
    mine: bool,
    moment: Moment | None,
) -> TaskList:
    user_id = call.caller.user_id
    if workspace_id is None:
        workspaces = await call.access.workspaces(user_id, call.position)
    else:
        workspaces = (workspace_id,)
    user = await call.access.known(USER, user_id)
    time_zone = "UTC" if user is None else user.time_zone
    now = call.house.clock() if moment is None else moment.at
    project_ids = await references.project_ids_in_filter(call, query.project_id, workspace_id)
    asked = query.filters(
        user_id,
        project_ids,
        await references.task_ids_in_filter(call, query.parent_task_id),
        time_zone,
        now,
        mine=mine,
        fields=await fields_asked(call, query.opened, project_ids),
    )
    order = query.order(await field_sort(call, query.sorted_by, project_ids))
    if written is not None:
        said = await read(
            call,
            written,
            asked,
            workspaces=workspaces,
            workspace_id=workspace_id,
            calendar=Calendar(now, time_zone),
            pointer=QUERY_POINTER,
        )
        asked, order = said.asked, said.sort or order
    asked = await with_meant_tags(call, asked, workspaces, call.position)
    if moment is not None and asks_the_past(asked.where):
        detail = (
            "A query about the history looks at the past itself; leave as_of out, or that part."
        )
        raise invalid("/query/as_of", detail)
    return TaskList(workspaces, asked, order, moment)
