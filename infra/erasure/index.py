"""What searches have beside the rows of their view: the vocabulary, and an index elsewhere."""

from collections.abc import Sequence

from infra.opensearch import standing
from infra.postgres.pool import Connection
from infra.postgres.views.ddl import relation
from infra.processes.generations import Generation
from projections.search import SEARCH_VIEW


async def redact(writer: Connection, generation: Generation, workspaces: Sequence[str]) -> None:
    """In the transaction in which the rows of the view changed: a word that is in no row any more
    is not known any more, and an index is not asked until it has read all rows again."""
    docs, words = (
        relation(SEARCH_VIEW, SEARCH_VIEW.table(name), generation.number)
        for name in ("docs", "words")
    )
    for workspace_id in workspaces:
        await writer.execute(
            f"DELETE FROM {words} AS w WHERE w.workspace_id = %(id)s AND NOT EXISTS ("
            f" SELECT FROM (SELECT DISTINCT unnest(tsvector_to_array(d.terms)) AS lexeme"
            f" FROM {docs} AS d WHERE d.workspace_id = %(id)s) AS f WHERE f.lexeme = w.word)",
            {"id": workspace_id},
        )
    await standing.read_all_again(writer)
