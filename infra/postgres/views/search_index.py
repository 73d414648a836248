"""The index of words in PostgreSQL: full text over the view `search`, and its vocabulary."""

from collections.abc import Iterable, Sequence
from typing import Final

from infra.postgres.pool import Pool
from projections.questions import Scope
from projections.search import SEARCH_VIEW
from projections.search_lexemes import stem_lexeme, tag_lexeme, within_project, within_workspace
from projections.search_query import AskedText, AskedWord, Clause
from projections.search_questions import MOST_HITS, MOST_RANKED, Hits
from projections.search_words import stem
from projections.spelling import alike, is_like_enough

from .pointers import Pointers
from .reader import ViewReader
from .tsquery import one_of, quoted

BACKEND: Final = "postgresql"

# A few projects may be left out by the index already; the door leaves out all of them.
_MOST_HIDDEN: Final = 50
_MOST_LOOKED_AT: Final = 200

_HITS = (
    "SELECT {position}, h.total, h.task_ids, h.scores"
    " FROM views.search_hits(%(relation)s, %(where)s::tsquery, %(ranked)s::tsquery,"
    " %(within)s::tsquery, %(among)s::text[], %(most)s, %(few)s) AS h"
)
_WORDS = "SELECT array(SELECT views.search_words(%s, %s, %s::real, %s))"


class PostgresSearchIndex:
    """Implements projections.search_questions.SearchIndex; it is away only with everything."""

    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, SEARCH_VIEW)

    async def hits(
        self,
        scope: Scope,
        asked: AskedText,
        *,
        project_ids: Sequence[str] = (),
        among: Sequence[str] | None = None,
        position: int | None = None,
    ) -> Hits:
        """What the view has now; `position` is for whoever asks to wait for."""
        relation = await self._reader.relation("docs")
        where = ranked = ""
        # Who sees a workspace by some of its projects alone sees these.
        seen_in = project_ids or (() if scope.workspaces else scope.projects)
        if asked.clauses and scope.tenants:
            where = " & ".join((*_within(scope, project_ids), *map(_clause, asked.clauses)))
            ranked = " | ".join(_clause(each) for each in asked.clauses if not each.negated)
        rows = await self._reader.fetch(
            scope.tenants,
            _HITS,
            {
                "relation": relation,
                "where": where,
                "ranked": ranked,
                "within": one_of([within_project(each) for each in seen_in]) if seen_in else None,
                "among": None if among is None else list(among),
                "most": MOST_HITS,
                "few": MOST_RANKED,
            },
        )
        seen, total, task_ids, scores = rows[0]
        return Hits(task_ids or (), scores or (), total <= MOST_HITS, seen or 0, BACKEND)

    async def spelt(self, scope: Scope, words: Iterable[str]) -> dict[str, Sequence[str]]:
        """Of each word, those of the workspaces' vocabularies that may have been meant by it."""
        relation = await self._reader.relation("words")
        found = {}
        for word in words:
            least = is_like_enough(word)
            if least is None:
                continue
            rows = await self._reader.fetch(
                scope.tenants, _WORDS, (relation, word, least, _MOST_LOOKED_AT)
            )
            found[word] = alike(word, rows[0][0])
        return found


def _within(scope: Scope, project_ids: Sequence[str]) -> Iterable[str]:
    """What tasks that the scope shows have in the index, as far as that can be said there."""
    yield one_of(
        [
            *map(within_workspace, scope.workspaces),
            *map(within_project, scope.projects),
        ]
    )
    if project_ids:
        yield one_of([within_project(each) for each in project_ids])
    for hidden in scope.hidden[:_MOST_HIDDEN]:
        yield f"!{quoted(within_project(hidden))}"


def _clause(clause: Clause) -> str:
    words = " <-> ".join(map(_word, clause.words))
    ways = [words if len(clause.words) == 1 else f"({words})", *map(_tag, clause.tags)]
    either = f"({' | '.join(ways)})"
    return f"!{either}" if clause.negated else either


def _word(asked: AskedWord) -> str:
    """Itself, and all words of the same stem."""
    forms: dict[str, None] = {}
    for word in (asked.word, *asked.also):
        root = stem(word)
        forms |= dict.fromkeys((word, root, stem_lexeme(root)))
    ways = [quoted(form) for form in forms]
    if asked.begins:
        ways[0] += ":*"
    return f"({' | '.join(ways)})"


def _tag(tag: str) -> str:
    return quoted(tag_lexeme(tag))
