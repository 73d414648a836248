"""Questions to the view of comments: those of one task."""

from infra.postgres.pool import Pool
from projections.comments import COMMENTS_VIEW
from projections.questions import Listing, Page

from .cursors import CursorCodec, Int64
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, ViewReader

_OLDEST_FIRST = Order(
    (("t.said", "bigint"), ("t.comment_id", "text")),
    False,
    CursorCodec("comments", Int64, str),
)


class CommentQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, COMMENTS_VIEW)
        self._log_id = log_id

    async def list(self, workspace_id: str, task_id: str, page: Page | None = None) -> Listing:
        """A page of a task's comments, the oldest first; its `docs` are what
        `projections.comments.comments_of` takes. Who may see the task is for the door to say.

        Raises as `read_page`.
        """
        params = Parameters()
        query = ListQuery(
            table="{comments_comments}",
            id_column="t.comment_id",
            doc="t.doc",
            params=params,
            visible=f"t.task_id = {params.add('text', task_id)}",
            conditions=[],
            order=_OLDEST_FIRST,
        )
        return await read_page(self._reader, self._log_id, (workspace_id,), query, page or Page())
