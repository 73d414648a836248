"""Questions to the view of activity: feeds of a task, a project, a workspace and of a person."""

from dataclasses import replace
from datetime import datetime

from domain.errors import invalid
from infra.postgres.pool import Pool
from projections.activity import ACTIVITY_VIEW, ActivityFilter
from projections.questions import Listing, Page, Scope
from projections.typeids import place_of

from .cursors import CursorCodec, Int16, Int64
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, ViewReader
from .scopes import visible_entries

_NEWEST_FIRST = Order(
    (("t.position", "bigint"), ("t.ordinal", "smallint")),
    True,
    CursorCodec("activity", Int64, Int16),
)

# Few tasks ever move; an entry about one that did is for those who may see where it is now.
_SEEN_IN = (
    "coalesce((SELECT m.project_id FROM {activity_moved} AS m WHERE m.task_id = t.task_id),"
    " t.project_id)"
)


class ActivityQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, ACTIVITY_VIEW)
        self._log_id = log_id

    async def list(self, scope: Scope, asked: ActivityFilter, page: Page | None = None) -> Listing:
        """A page of the entries that the scope shows, newest first. Raises as `read_page`."""
        params = Parameters()
        query = ListQuery(
            table="{activity_entries}",
            id_column="t.position",
            doc="t.doc",
            params=params,
            visible=visible_entries(scope, params, _SEEN_IN),
            conditions=_conditions(asked, params),
            order=_NEWEST_FIRST,
        )
        return await read_page(
            self._reader, self._log_id, scope.tenants, query, self._begin(page or Page())
        )

    def _begin(self, page: Page) -> Page:
        """An entry's id says itself where it stands."""
        if page.after_id is None:
            return page
        place = place_of(page.after_id)
        if place is None:
            raise invalid("/query/last_id", "This is no id of an activity.", "malformed")
        return replace(
            page, after_id=None, cursor=_NEWEST_FIRST.cursors.encode(self._log_id, place)
        )


def _conditions(asked: ActivityFilter, params: Parameters) -> list[str]:
    conditions = []
    for column, value in (
        ("task_id", asked.task_id),
        ("project_id", asked.project_id),
        ("workspace_id", asked.workspace_id),
    ):
        if value is not None:
            conditions.append(f"t.{column} = {params.add('text', value)}")
    if len(asked.actor_ids) == 1:
        conditions.append(f"t.actor_id = {params.add('text', asked.actor_ids[0])}")
    elif asked.actor_ids:
        conditions.append(f"t.actor_id = ANY({params.add('text[]', asked.actor_ids)})")
    if asked.actions:
        conditions.append(f"t.action = ANY({params.add('text[]', asked.actions)})")
    bounds: tuple[tuple[str, datetime | None], ...] = (
        (">=", asked.since),
        ("<=", asked.until),
    )
    for sign, moment in bounds:
        if moment is not None:
            conditions.append(f"t.recorded_at {sign} {params.add('timestamptz', moment)}")
    return conditions
