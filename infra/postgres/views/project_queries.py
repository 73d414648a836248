"""Questions to the view of projects: one by id or key with its parts, and lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.projects import PROJECTS_VIEW, SORTS, USUAL_SORT, ProjectFilter
from projections.questions import Listing, Page, Scope
from projections.task_questions import Sort, SortBy

from .cursors import CursorCodec
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader
from .scopes import visible


@dataclass(frozen=True, slots=True)
class ProjectRead:
    """What is known of one project: its answer and those of its parts as JSON, None where the
    view does not have it. `head_version` and `access_position` are the log's own, as for a task
    (`TaskRead`)."""

    project_id: str
    workspace_id: str
    version: int
    doc: bytes | None
    workflow: bytes | None
    columns: bytes | None
    fields: bytes | None
    types: bytes | None
    retention: bytes | None
    head_version: int
    access_position: int
    position: int

    @property
    def fresh(self) -> bool:
        """Whether the view has all that the log has of this project's stream."""
        return self.doc is not None and self.version >= self.head_version


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """Where a project with a given key stands."""

    project_id: str
    workspace_id: str


_ONE = """
SELECT h.workspace_id, t.version, t.doc, t.workflow, t.columns, t.fields, t.types, t.retention,
    h.version, g.position, {position}
FROM (SELECT) AS one
LEFT JOIN log.stream_heads AS h ON h.stream = k.p0
LEFT JOIN {projects_projects} AS t ON t.project_id = k.p0 AND t.workspace_id = h.workspace_id
LEFT JOIN log.guards AS g ON g.name = 'access:' || h.workspace_id
"""

_BY_KEY = """
SELECT array_agg(t.project_id ORDER BY t.project_id),
    array_agg(t.workspace_id ORDER BY t.project_id)
FROM {projects_projects} AS t
WHERE t.workspace_id = ANY(k.p0::text[]) AND t.key = k.p1
"""


class ProjectQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, PROJECTS_VIEW)
        self._log_id = log_id

    async def get(self, workspaces: Sequence[str], project_id: str) -> ProjectRead | None:
        """A project of one of these workspaces, else None. Whether the asker may see it is for
        the door to say."""
        question = Question(_ONE, ("text",), (project_id,), tuple(workspaces))
        (
            home,
            version,
            doc,
            workflow,
            columns,
            fields,
            types,
            retention,
            head,
            access,
            position,
        ) = await self._reader.ask(question)
        if home is None or home not in workspaces:
            return None
        return ProjectRead(
            project_id=project_id,
            workspace_id=home,
            version=version or 0,
            doc=doc,
            workflow=workflow,
            columns=columns,
            fields=fields,
            types=types,
            retention=retention,
            head_version=head,
            access_position=access or 0,
            position=position or 0,
        )

    async def find(self, workspaces: Sequence[str], key: str) -> list[ProjectPlace]:
        """The projects with this key in these workspaces: at most one in each."""
        params = Parameters()
        params.add("text[]", workspaces)
        params.add("text", key.upper())
        found = await self._reader.ask(
            Question(_BY_KEY, tuple(params.kinds), tuple(params.values), tuple(workspaces))
        )
        return [ProjectPlace(*place) for place in zip(*(each or () for each in found), strict=True)]

    async def list(
        self,
        scope: Scope,
        asked: ProjectFilter | None = None,
        sort: Sort = USUAL_SORT,
        page: Page | None = None,
    ) -> Listing:
        """A page of the projects that the scope shows; `sort.by` is one of `SORTS`. Raises as
        `read_page`."""
        asked = asked or ProjectFilter()
        params = Parameters()
        seen = visible(scope, params)
        conditions = []
        if asked.archived is not None:
            conditions.append("t.archived" if asked.archived else "NOT t.archived")
        if asked.keys:
            keys = [key.upper() for key in asked.keys]
            conditions.append(f"t.key = ANY({params.add('text[]', keys)})")
        query = ListQuery(
            table="{projects_projects}",
            id_column="t.project_id",
            doc="t.doc",
            params=params,
            visible=seen,
            conditions=conditions,
            order=_ORDERS[sort],
        )
        return await read_page(self._reader, self._log_id, scope.tenants, query, page or Page())


_COLUMNS: Mapping[SortBy, tuple[str, str, Any]] = {
    SortBy.CREATED_AT: ("t.created_at", "timestamptz", datetime),
    SortBy.UPDATED_AT: ("t.updated_at", "timestamptz", datetime),
    SortBy.TITLE: ("t.name_key", "text", str),
    SortBy.KEY: ("t.key", "text", str),
}


def _order(sort: Sort) -> Order:
    name, kind, value = _COLUMNS[sort.by]
    way = "desc" if sort.descending else "asc"
    return Order(
        ((name, kind), ("t.project_id", "text")),
        sort.descending,
        CursorCodec(f"projects:{sort.by}:{way}", value, str),
    )


_ORDERS = {sort: _order(sort) for by in SORTS for sort in (Sort(by, False), Sort(by, True))}
