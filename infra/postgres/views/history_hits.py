"""Tasks found by their history at once, where those are few enough to be looked up one by one."""

import asyncio
from collections.abc import Sequence
from typing import Final

from domain.values.frozen import dataclass
from projections.query.conditions import ChangedSo, WasSo, required
from projections.questions import Scope

from .history_conditions import candidates
from .reader import Parameters, Question, ViewReader

# Fewer are looked up and sorted; of more, enough are met on the way through the tasks in order.
MOST_HITS: Final = 10_000


@dataclass(frozen=True, slots=True)
class PastHits:
    """Ids among which all tasks are that meet the conditions, None where none of these has few
    enough of them; and the least position of the views then, None where none was asked."""

    hits: Sequence[str] | None
    position: int | None


async def past_hits(reader: ViewReader, scope: Scope, where: object) -> PastHits:
    """Of every condition on the past without which a query finds nothing."""
    asked = [each for each in required(where) if isinstance(each, WasSo | ChangedSo)]
    found = [
        each
        for each in await asyncio.gather(*(_hits(reader, scope, each) for each in asked))
        if each is not None
    ]
    few = [frozenset(hits) for hits, _ in found if len(hits) <= MOST_HITS]
    return PastHits(
        sorted(frozenset.intersection(*few)) if few else None,
        min((position for _, position in found), default=None),
    )


async def _hits(
    reader: ViewReader, scope: Scope, asked: WasSo | ChangedSo
) -> tuple[Sequence[str], int] | None:
    params = Parameters()
    sql = candidates(asked, scope.tenants, params)
    if sql is None:
        return None
    most = params.add("integer", MOST_HITS + 1)
    hits, position = await reader.ask(
        Question(
            f"SELECT array(SELECT c.task_id FROM ({sql}) AS c LIMIT {most}), {{least_position}}",
            tuple(params.kinds),
            tuple(params.values),
            scope.tenants,
            together=1,
        )
    )
    return hits, position or 0
