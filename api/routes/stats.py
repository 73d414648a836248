"""What stands in a project, counted."""

from typing import Annotated

from fastapi import APIRouter, Query
from msgspec import Struct

from api.http import references
from api.http.call import CallHere
from api.http.describe import read
from api.http.past import asked_then, moment_of
from api.http.positions import position_headers
from api.http.reads import find_project
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import encode
from api.routes.project_query import ProjectThenQuery, project_then
from projections.tasks import TASKS_VIEW

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Projects"])


class ProjectStats(Struct, frozen=True):
    """Trashed tasks are left out; what is overdue is so by the clock now, or by that of then.
    `by_status` has every status of the workflow, `by_assignee` tasks by a user's id (`none`:
    nobody's; those of several people count for each), `by_label` at most 1,000 labels, the most
    frequent ones."""

    id: str
    project_id: str
    total_tasks: int
    completed_tasks: int
    in_progress_tasks: int
    overdue_tasks: int
    by_status: dict[str, int]
    by_assignee: dict[str, int]
    by_label: dict[str, int]
    position: int


@router.get("/projects/{project_id}/stats", summary="Count a project's tasks", **read(ProjectStats))
async def get_stats(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    house, position = call.house, call.position
    moment = await moment_of(call, query)
    project = await find_project(
        call, await references.project_id(call, project_id, query.workspace_id)
    )
    shown = (await house.labels.of(project.workspace_id, position)).shown
    if moment is None:
        counts = await house.waiter.at_least(
            TASKS_VIEW,
            position,
            lambda: house.stats.of_project(
                project.workspace_id, project.project_id, house.clock(), shown
            ),
        )
    else:
        then = await project_then(call, project.project_id, moment)
        counts = await asked_then(
            call, moment, (project.workspace_id,), lambda past: past.counts(then, shown)
        )
    answer = ProjectStats(
        project.project_id,
        project.project_id,
        counts.total,
        counts.completed,
        counts.in_progress,
        counts.overdue,
        dict(counts.by_status),
        dict(counts.by_assignee),
        dict(counts.by_label),
        counts.position,
    )
    return Reply(200, encode(answer), position_headers(call, counts.position, counts.stale))
