"""Questions to the view of comments: those of one task, and what a guard asks of them."""

from collections.abc import Sequence

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.comments import COMMENTS_VIEW
from projections.questions import Listing, Page

from .cursors import CursorCodec, Int64
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader
from .waiting import ViewWaiter

_OLDEST_FIRST = Order(
    (("t.said", "bigint"), ("t.comment_id", "text")),
    False,
    CursorCodec("comments", Int64, str),
)


_MOST_PEOPLE = 1_000

_SPOKE = """
SELECT array(SELECT t.author_id FROM {comments_comments} AS t
        WHERE t.task_id = k.p0 AND NOT t.deleted AND t.author_id IS NOT NULL
        GROUP BY t.author_id ORDER BY min(t.said) LIMIT k.p1),
    array(SELECT m.user_id FROM {comments_comments} AS t
        CROSS JOIN LATERAL unnest(t.mentions) AS m(user_id)
        WHERE t.task_id = k.p0 AND NOT t.deleted
        GROUP BY m.user_id ORDER BY min(t.said) LIMIT k.p1),
    {position}
"""


@dataclass(frozen=True, slots=True)
class Spoke:
    """Who wrote comments on a task and whom they mention, each in the order of the first."""

    commenters: Sequence[str]
    mentioned: Sequence[str]
    position: int


class CommentQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, COMMENTS_VIEW)
        self._log_id = log_id

    async def list(self, workspace_id: str, task_id: str, page: Page | None = None) -> Listing:
        """A page of a task's comments, the oldest first, deleted ones left out. Who may see the
        task is for the door to say.

        Raises as `read_page`.
        """
        params = Parameters()
        query = ListQuery(
            table="{comments_comments}",
            id_column="t.comment_id",
            doc="t.doc",
            params=params,
            visible=f"t.task_id = {params.add('text', task_id)}",
            conditions=["NOT t.deleted"],
            order=_OLDEST_FIRST,
        )
        return await read_page(self._reader, self._log_id, (workspace_id,), query, page or Page())

    async def spoke(self, workspace_id: str, task_id: str) -> Spoke:
        """Who takes part in what is said about a task, the first 1,000 of each kind."""
        question = Question(_SPOKE, ("text", "integer"), (task_id, _MOST_PEOPLE), (workspace_id,))
        commenters, mentioned, position = await self._reader.ask(question)
        return Spoke(commenters, mentioned, position or 0)


_SAID = """
SELECT {position}, EXISTS (
    SELECT FROM {comments_comments} AS t
    WHERE t.task_id = %s AND t.said > %s AND t.author_id = %s AND NOT t.deleted
)
"""


class ViewCommentReader:
    """Implements commands.ports.CommentReader over the view of comments."""

    def __init__(self, pool: Pool, pointers: Pointers, waiter: ViewWaiter) -> None:
        self._reader = ViewReader(pool, pointers, COMMENTS_VIEW)
        self._waiter = waiter

    async def has_commented(
        self, workspace_id: str, task_id: str, user_id: str, since: int, position: int
    ) -> bool:
        async def ask() -> _Seen:
            rows = await self._reader.fetch((workspace_id,), _SAID, (task_id, since, user_id))
            return _Seen(rows[0][0] or 0, rows[0][1])

        return (await self._waiter.at_least(COMMENTS_VIEW, position, ask)).said


@dataclass(frozen=True, slots=True)
class _Seen:
    position: int
    said: bool
