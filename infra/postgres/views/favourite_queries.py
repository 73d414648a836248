"""Questions to the view of favourites: those of one person."""

from collections.abc import Sequence

from infra.postgres.pool import Pool
from projections.favourites import FAVOURITES_VIEW
from projections.questions import Listing, Page

from .cursors import CursorCodec, Int64
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, ViewReader

_LATEST_FIRST = Order(
    (("t.added", "bigint"), ("t.entity_id", "text")),
    True,
    CursorCodec("favourites", Int64, str),
)


class FavouriteQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, FAVOURITES_VIEW)
        self._log_id = log_id

    async def list(
        self, user_id: str, workspace_ids: Sequence[str], page: Page | None = None
    ) -> Listing:
        """A page of somebody's favourites in these workspaces, the latest first. What they may
        still see of them is for the door to say. Raises as `read_page`."""
        params = Parameters()
        query = ListQuery(
            table="{favourites_favourites}",
            id_column="t.entity_id",
            doc="t.doc",
            params=params,
            visible=f"t.user_id = {params.add('text', user_id)}"
            f" AND t.workspace_id = ANY({params.add('text[]', workspace_ids)})",
            conditions=[],
            order=_LATEST_FIRST,
        )
        return await read_page(self._reader, self._log_id, workspace_ids, query, page or Page())
