"""Questions to the view of notifications: one person's list, and how many they have not read."""

from collections.abc import Sequence
from datetime import datetime

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.notifications import NOTIFICATIONS_VIEW
from projections.questions import Listing, Page, Scope

from .cursors import CursorCodec, Int64
from .lists import COUNTED_EXACTLY, ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader
from .scopes import visible_entries

_NEWEST_FIRST = Order(
    (("t.position", "bigint"), ("t.notification_id", "text")),
    True,
    CursorCodec("notifications", Int64, str),
)

# What its reader did with it stands beside the answer, and goes to its end.
_DOC = """\
substr(t.doc, 1, length(t.doc) - 1) || convert_to(',"is_read":'
    || CASE WHEN t.seen THEN 'true' ELSE 'false' END || ',"snoozed_until":'
    || coalesce('"' || to_char(t.snoozed_until AT TIME ZONE 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"', 'null') || '}}', 'UTF8')"""

_ALL = """\
(SELECT n.*, n.is_read OR n.last <= coalesce(i.read_upto, 0) AS seen
    FROM {{notifications_notifications}} AS n
    LEFT JOIN {{notifications_inboxes}} AS i
        ON i.user_id = n.user_id AND i.workspace_id = n.workspace_id
    WHERE n.user_id = {user})"""

# One range of an index for each workspace: what was read before is never looked at.
_UNREAD = """\
(SELECT n.*, false AS seen FROM unnest({workspaces}) AS w(id)
    LEFT JOIN {{notifications_inboxes}} AS i ON i.user_id = {user} AND i.workspace_id = w.id
    CROSS JOIN LATERAL (SELECT * FROM {{notifications_notifications}} AS u
        WHERE u.user_id = {user} AND u.workspace_id = w.id AND NOT u.is_read
        AND u.last > coalesce(i.read_upto, 0)) AS n)"""

# Few tasks ever move; news of one that did are for those who may see where it is now.
_SEEN_IN = (
    "coalesce((SELECT m.project_id FROM {notifications_moved} AS m WHERE m.task_id = t.task_id),"
    " t.project_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """`snoozed`: those that are out of sight now, and no others."""

    unread: bool = False
    snoozed: bool = False
    types: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """How many somebody has not read; where it is not exact, there are more."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """The workspaces in which somebody has not read everything."""

    workspace_ids: Sequence[str]
    position: int


@dataclass(frozen=True, slots=True)
class Marked:
    """Where a notification belongs, and the position of the last change in it; None for what is
    not there, or may not be seen."""

    workspace_id: str | None
    last: int
    position: int


class NotificationQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, NOTIFICATIONS_VIEW)
        self._log_id = log_id

    async def list(
        self,
        scope: Scope,
        user_id: str,
        asked: NotificationFilter,
        now: datetime,
        page: Page | None = None,
    ) -> Listing:
        """A page of somebody's notifications of what the scope shows, newest first. Raises as
        `read_page`."""
        params = Parameters()
        table = _table(_UNREAD if asked.unread else _ALL, scope, user_id, params)
        conditions = [_snoozed(params, now, is_so=asked.snoozed)]
        if asked.types:
            conditions.append(f"t.type = ANY({params.add('text[]', asked.types)})")
        query = ListQuery(
            table=table,
            id_column="t.notification_id",
            doc=_DOC,
            params=params,
            visible=visible_entries(scope, params, _SEEN_IN),
            conditions=conditions,
            order=_NEWEST_FIRST,
        )
        return await read_page(self._reader, self._log_id, scope.tenants, query, page or Page())

    async def unread(self, scope: Scope, user_id: str, now: datetime) -> Unread:
        """How many of those that the scope shows they have not read, exactly up to 10,000."""
        params = Parameters()
        table = _table(_UNREAD, scope, user_id, params)
        sql = (
            f"SELECT count(*) FROM (SELECT FROM {table} AS t"
            f" WHERE {visible_entries(scope, params, _SEEN_IN)}"
            f" AND {_snoozed(params, now, is_so=False)} LIMIT {COUNTED_EXACTLY + 1}) AS counted"
        )
        (count,) = await self._reader.ask(_question(sql, params, scope.tenants))
        return Unread(min(count, COUNTED_EXACTLY), count <= COUNTED_EXACTLY)

    async def unseen(self, workspaces: Sequence[str], user_id: str) -> Unseen:
        """Of these workspaces, those with anything that they have not read."""
        params = Parameters()
        table = _table(_UNREAD, Scope(workspaces=tuple(workspaces)), user_id, params)
        sql = (
            "SELECT array(SELECT DISTINCT t.workspace_id"
            f" FROM {table} AS t ORDER BY t.workspace_id), {{position}}"
        )
        found, position = await self._reader.ask(_question(sql, params, workspaces))
        return Unseen(found, position or 0)

    async def find(self, scope: Scope, user_id: str, notification_id: str) -> Marked:
        """One of somebody's own."""
        params = Parameters()
        own = (
            f"t.notification_id = {params.add('text', notification_id)}"
            f" AND t.user_id = {params.add('text', user_id)}"
        )
        sql = (
            "SELECT found.workspace_id, found.last, {position} FROM (SELECT) AS one LEFT JOIN"
            " (SELECT t.workspace_id, t.last FROM {notifications_notifications} AS t"
            f" WHERE {own} AND {visible_entries(scope, params, _SEEN_IN)}) AS found ON true"
        )
        workspace_id, last, position = await self._reader.ask(_question(sql, params, scope.tenants))
        return Marked(workspace_id, last or 0, position or 0)


def _table(sql: str, scope: Scope, user_id: str, params: Parameters) -> str:
    user = params.add("text", user_id)
    if "{workspaces}" in sql:
        return sql.format(user=user, workspaces=params.add("text[]", scope.tenants))
    return sql.format(user=user)


def _snoozed(params: Parameters, now: datetime, *, is_so: bool) -> str:
    later = f"t.snoozed_until > {params.add('timestamptz', now)}"
    return later if is_so else f"({later}) IS NOT TRUE"


def _question(sql: str, params: Parameters, workspaces: Sequence[str]) -> Question:
    return Question(sql, tuple(params.kinds), tuple(params.values), tuple(workspaces))
