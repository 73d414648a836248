"""Questions to the view of saved views: one's own, and those shared with projects that one sees."""

from infra.postgres.pool import Pool
from projections.questions import Listing, Page, Scope
from projections.saved_views import SAVED_VIEWS_VIEW

from .cursors import CursorCodec
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, ViewReader
from .scopes import visible

_BY_NAME = Order(
    (("t.name_key", "text"), ("t.view_id", "text")),
    False,
    CursorCodec("saved-views", str, str),
)


class SavedViewQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, SAVED_VIEWS_VIEW)
        self._log_id = log_id

    async def list(
        self,
        scope: Scope,
        user_id: str,
        *,
        project_id: str | None = None,
        page: Page | None = None,
    ) -> Listing:
        """A page of the saved views that somebody may see, by name; of one project alone where it
        is named. Raises as `read_page`."""
        params = Parameters()
        own = (
            f"t.workspace_id = ANY({params.add('text[]', scope.tenants)})"
            f" AND t.project_id IS NULL AND t.owner_id = {params.add('text', user_id)}"
        )
        conditions = ["NOT t.deleted"]
        if project_id is not None:
            conditions.append(f"t.project_id = {params.add('text', project_id)}")
        query = ListQuery(
            table="{saved_views_views}",
            id_column="t.view_id",
            doc="t.doc",
            params=params,
            visible=f"(({own}) OR {visible(scope, params)})",
            conditions=conditions,
            order=_BY_NAME,
        )
        return await read_page(self._reader, self._log_id, scope.tenants, query, page or Page())
