"""Which rows of a feed come next, in SQL: by the index that has them side by side.

A feed may be of a workspace of millions of entries of which its asker sees few, or of which few
are asked for. So it is never read along and sieved where that could take long: each path is a walk
along an index in the feed's own order, or the merging of several, and ends when a page is full.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.values.frozen import dataclass
from projections.activity import ACTIONS, ActivityFilter
from projections.questions import Scope

from .reader import Parameters

# How far one index is read along and sieved before the rows are looked for in another way.
_WALKED = 2_000

# Few tasks ever move; what happened to one that did is for those who may see where it is now.
_SEEN_IN = (
    "coalesce((SELECT m.project_id FROM {activity_moved} AS m WHERE m.task_id = t.task_id),"
    " t.project_id)"
)
_ENTRIES = "{activity_entries} AS t"


@dataclass(frozen=True, slots=True)
class Walk:
    """In which direction, from where (SQL conditions on `t.position` and `t.ordinal`), and the SQL
    of how many rows, `cap` at most: for the planner, who cannot know it. `noticed`: only what has
    an entry. `along`: the columns by which it is in order."""

    descending: bool
    bounds: tuple[str, ...]
    most: str
    cap: int
    noticed: bool = True
    along: tuple[str, ...] = ("position", "ordinal")

    @property
    def order(self) -> str:
        way = " DESC" if self.descending else ""
        return ", ".join(f"{column}{way}" for column in self.along)

    @property
    def keys(self) -> str:
        return ", ".join(f"t.{column}" for column in ("workspace_id", *self.along))


def time_bounds(scope: Scope, asked: ActivityFilter, params: Parameters) -> list[str]:
    """Conditions on `t.position`: the log's time only ever goes on, so a time is a position. That
    of a single workspace is its own time, also before it came here."""
    upto = [] if asked.upto is None else [f"t.position <= {params.add('bigint', asked.upto)}"]
    bounds: tuple[tuple[str, datetime | None, str], ...] = (
        (">", asked.since, "false"),
        ("<=", asked.until, "true"),
    )
    alone = len(scope.workspaces) == 1
    within = f", {params.add('text', scope.workspaces[0])}" if alone else ""
    return upto + [
        f"t.position {sign} log.position_at({params.add('timestamptz', moment)}, {inclusive}"
        f"{within})"
        for sign, moment, inclusive in bounds
        if moment is not None
    ]


def happened_bounds(
    asked: ActivityFilter, params: Parameters
) -> tuple[list[str], list[str] | None]:
    """Conditions on what has a time of its own, and on what has always been; None where nothing
    that has always been is asked for."""
    assert asked.happened_by is not None
    last = min(each for each in (asked.happened_by, asked.until) if each is not None)
    bounds = [f"t.happened_at <= {params.add('timestamptz', last)}"]
    if asked.since is None:
        return bounds, ["t.happened_at IS NULL"]
    return [*bounds, f"t.happened_at >= {params.add('timestamptz', asked.since)}"], None


def next_rows(scope: Scope, asked: ActivityFilter, walk: Walk, params: Parameters) -> str:
    """SQL that gives the keys of the next rows that the scope shows and the filter asks for, in
    their order, at most `walk.most`."""
    paths = _Paths(scope, asked, walk, params)
    found = paths.sql()
    return (
        f"SELECT * FROM ({paths.lists()} SELECT * FROM ({found}) AS every"
        f" ORDER BY {walk.order} LIMIT {walk.cap}) AS capped LIMIT {walk.most}"
    )


class _Paths:
    def __init__(self, scope: Scope, asked: ActivityFilter, walk: Walk, params: Parameters) -> None:
        self._scope = scope
        self._asked = asked
        self._walk = walk
        self._params = params

    def lists(self) -> str:
        """What is compared with every row, taken apart once."""
        named = [("hidden", self._scope.hidden), ("mine", self._scope.projects)]
        lists = [
            f"{name} AS MATERIALIZED (SELECT unnest({self._params.add('text[]', ids)}) AS id)"
            for name, ids in named
            if ids
        ]
        return f"WITH {', '.join(lists)}" if lists else ""

    def sql(self) -> str:
        asked, scope = self._asked, self._scope
        if asked.task_id is not None:
            task = f"t.task_id = {self._params.add('text', asked.task_id)}"
            return self._along([task, self._seen(), *self._filters()])
        if asked.project_id is not None:
            return self._of_project(self._params.add("text", asked.project_id))
        parts = []
        workspaces = self._asked_for(scope.workspaces)
        if workspaces:
            parts.append(self._of_workspaces(workspaces))
        if scope.projects and self._asked_for(scope.guest_of):
            guest_of = self._each_of(self._asked_for(scope.guest_of))
            parts.append(self._merged(f"SELECT id, w.workspace_id FROM mine, {guest_of}"))
        return " UNION ALL ".join(f"({part})" for part in parts) or self._along(["false"])

    # Paths.

    def _of_project(self, value: str) -> str:
        seen, filters = self._seen(), self._filters()
        tenants = self._each_of(self._scope.tenants)
        project = [f"t.project_id = {value}", "t.workspace_id = w.workspace_id"]
        if not filters:
            return self._each(tenants, [*project, seen])
        among, conditions = self._narrowed(self._scope.tenants)
        # No column that an index could find: that would be the way taken before.
        elsewhere = self._each(among, [*conditions, f"(t.project_id || '') = {value}", seen])
        return self._walked_or(tenants, project, [seen, *filters], elsewhere)

    def _of_workspaces(self, workspaces: Sequence[str]) -> str:
        among, conditions = self._narrowed(workspaces)
        if not self._scope.hidden:
            return self._each(among, conditions)
        own = self._each(among, [*conditions, "t.project_id IS NULL"])
        projects = (
            f"SELECT t.project_id AS id, w.workspace_id FROM {self._each_of(workspaces)}"
            f" JOIN {_ENTRIES} ON t.workspace_id = w.workspace_id"
            " AND t.action = 'project_created'"
            " WHERE t.project_id NOT IN (SELECT id FROM hidden)"
        )
        merged = f"({self._merged(projects)}) UNION ALL ({own})"
        return self._walked_or(among, conditions, [self._not_hidden()], merged)

    def _narrowed(self, workspaces: Sequence[str]) -> tuple[str, list[str]]:
        """The index walks that together have what is asked for of these workspaces."""
        asked, add = self._asked, self._params.add
        among = self._each_of(workspaces)
        conditions = ["t.workspace_id = w.workspace_id"]
        if asked.actor_ids or asked.actions:
            among += f", unnest({add('text[]', asked.actions or ACTIONS)}) AS a(action)"
            conditions.append("t.action = a.action")
        if asked.actor_ids:
            among += f", unnest({add('text[]', asked.actor_ids)}) AS u(actor_id)"
            conditions.append("t.actor_id = u.actor_id")
        return among, conditions

    def _walked_or(
        self, among: str, conditions: list[str], sieve: list[str], otherwise: str
    ) -> str:
        """Where the next rows are dense they are soon met on the way; where a part of the way has
        too few of them, they are got otherwise."""
        walk = self._walk
        where = " AND ".join([*conditions, *walk.bounds, *self._noticed()])
        passed = (
            f"SELECT {walk.keys}, t.project_id, t.task_id, t.actor_id, t.action FROM {_ENTRIES}"
            f" WHERE {where} ORDER BY {walk.order} LIMIT {_WALKED}"
        )
        if among:
            passed = f"SELECT p.* FROM {among} CROSS JOIN LATERAL ({passed}) AS p"
        return (
            f"WITH passed AS MATERIALIZED (SELECT * FROM ({passed}) AS every"
            f" ORDER BY {walk.order} LIMIT {_WALKED}),"
            f" near AS MATERIALIZED (SELECT {walk.keys} FROM passed AS t"
            f" WHERE {' AND '.join(sieve)} LIMIT {walk.most}),"
            f" short AS MATERIALIZED (SELECT (SELECT count(*) FROM near) < {walk.most}"
            f" AND (SELECT count(*) FROM passed) = {_WALKED} AS so)"
            " SELECT near.* FROM near WHERE NOT (SELECT so FROM short)"
            f" UNION ALL SELECT far.* FROM ({otherwise}) AS far WHERE (SELECT so FROM short)"
        )

    def _merged(self, projects: str) -> str:
        """The next rows of many projects (SQL of their ids and workspaces): of a page's rows, all
        stand in the projects whose own next row comes first. A task that came from elsewhere brings
        its past along."""
        walk = self._walk
        filters = self._filters()
        here = ["t.project_id = s.id", "t.workspace_id = s.workspace_id"]
        stayed = [*here, _among("seen"), *filters]
        elsewhere = "(t.project_id IN (SELECT id FROM seen)) IS NOT TRUE"
        brought = ["t.task_id = s.id", elsewhere, *filters]

        def next_of(source: str, conditions: list[str]) -> str:
            return (
                f"SELECT f.* FROM (SELECT s.* FROM {source} AS s CROSS JOIN LATERAL"
                f" ({self._along(conditions, '1')}) AS first"
                f" ORDER BY {walk.order} LIMIT {walk.most}) AS s"
                f" CROSS JOIN LATERAL ({self._along(conditions)}) AS f"
            )

        return (
            f"WITH seen AS MATERIALIZED ({projects}), came AS MATERIALIZED"
            " (SELECT m.task_id AS id FROM {activity_moved} AS m"
            " WHERE m.project_id IN (SELECT id FROM seen))"
            f" SELECT * FROM ({next_of('seen', stayed)}) AS stayed"
            f" UNION ALL SELECT * FROM ({next_of('came', brought)}) AS brought"
        )

    def _each_of(self, workspaces: Sequence[str]) -> str:
        return f"unnest({self._params.add('text[]', workspaces)}) AS w(workspace_id)"

    def _each(self, among: str, conditions: list[str]) -> str:
        return f"SELECT f.* FROM {among} CROSS JOIN LATERAL ({self._along(conditions)}) AS f"

    def _along(self, conditions: list[str], most: str = "") -> str:
        """A walk along an index. The cap says to the planner that it ends soon."""
        walk = self._walk
        where = " AND ".join([*conditions, *walk.bounds, *self._noticed()])
        return (
            f"SELECT * FROM (SELECT {walk.keys} FROM {_ENTRIES} WHERE {where}"
            f" ORDER BY {walk.order} LIMIT {most or walk.cap}) AS t LIMIT {most or walk.most}"
        )

    # Conditions.

    def _seen(self) -> str:
        """Of rows that may be of any workspace and any project."""
        ways = []
        workspaces = self._asked_for(self._scope.workspaces)
        if workspaces:
            whole = f"t.workspace_id = ANY({self._params.add('text[]', workspaces)})"
            ways.append(f"{whole} AND {self._not_hidden()}" if self._scope.hidden else whole)
        if self._scope.projects:
            ways.append(_among("mine"))
        return f"({' OR '.join(ways)})" if ways else "false"

    def _not_hidden(self) -> str:
        return f"({_SEEN_IN} NOT IN (SELECT id FROM hidden)) IS NOT FALSE"

    def _filters(self) -> list[str]:
        asked, add = self._asked, self._params.add
        conditions = []
        if asked.workspace_id is not None:
            conditions.append(f"t.workspace_id = {add('text', asked.workspace_id)}")
        if asked.actor_ids:
            conditions.append(f"t.actor_id = ANY({add('text[]', asked.actor_ids)})")
        if asked.actions:
            conditions.append(f"t.action = ANY({add('text[]', asked.actions)})")
        return conditions

    def _noticed(self) -> list[str]:
        return ["t.action IS NOT NULL"] if self._walk.noticed else []

    def _asked_for(self, workspaces: Sequence[str]) -> Sequence[str]:
        only = self._asked.workspace_id
        return [each for each in workspaces if only in (None, each)]


def _among(projects: str) -> str:
    """Whether the row may be seen by whom these projects are shown. Said so that PostgreSQL makes
    a hash of them, and not a join by itself for every row."""
    return f"({_SEEN_IN} IN (SELECT id FROM {projects})) IS TRUE"
