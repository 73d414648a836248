"""Questions to the view of templates: those of one workspace."""

from infra.postgres.pool import Pool
from projections.questions import Listing, Page
from projections.templates import TEMPLATES_VIEW

from .cursors import CursorCodec
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, ViewReader

_BY_NAME = Order(
    (("t.name_key", "text"), ("t.template_id", "text")),
    False,
    CursorCodec("templates", str, str),
)


class TemplateQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, TEMPLATES_VIEW)
        self._log_id = log_id

    async def list(self, workspace_id: str, page: Page | None = None) -> Listing:
        """A page of a workspace's templates by name, deleted ones left out. Who may see them is
        for the door to say. Raises as `read_page`."""
        params = Parameters()
        query = ListQuery(
            table="{templates_templates}",
            id_column="t.template_id",
            doc="t.doc",
            params=params,
            visible=f"t.workspace_id = {params.add('text', workspace_id)}",
            conditions=["NOT t.deleted"],
            order=_BY_NAME,
        )
        return await read_page(self._reader, self._log_id, (workspace_id,), query, page or Page())
