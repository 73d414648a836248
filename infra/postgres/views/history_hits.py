"""Tasks found by their history at once, where those are few enough to be looked up one by one."""

from collections.abc import Sequence
from typing import Final

from domain.values.frozen import dataclass
from projections.query.conditions import ChangedSo, WasSo, required
from projections.questions import Scope

from .history_conditions import candidates
from .reader import Parameters, Question, ViewReader

# Fewer are looked up and sorted; of more, enough are met on the way through the tasks in order.
MOST_HITS: Final = 10_000
# So few are looked up sooner than it takes to ask for what else they must meet.
FEW_HITS: Final = 1_000

# Each of their few values very many tasks have held.
_BROAD: Final = frozenset({"status", "priority", "type", "project", "blocked", "trashed"})


@dataclass(frozen=True, slots=True)
class PastHits:
    """Ids among which all tasks are that meet the conditions, None where none of these has few
    enough of them; and the least position of the views then, None where none was asked."""

    hits: Sequence[str] | None
    position: int | None


async def past_hits(reader: ViewReader, scope: Scope, where: object) -> PastHits:
    """Of the conditions on the past without which a query finds nothing, the narrow ones first,
    until one has few of them."""
    asked = [each for each in required(where) if isinstance(each, WasSo | ChangedSo)]
    among: frozenset[str] | None = None
    positions = []
    for each in sorted(asked, key=_is_broad):
        found = await _hits(reader, scope, each)
        if found is None:
            continue
        hits, position = found
        positions.append(position)
        if len(hits) <= MOST_HITS:
            among = frozenset(hits) if among is None else among.intersection(hits)
            if len(among) <= FEW_HITS:
                break
    return PastHits(None if among is None else sorted(among), min(positions, default=None))


def _is_broad(asked: WasSo | ChangedSo) -> bool:
    return asked.when.by is None and asked.field in _BROAD


async def _hits(
    reader: ViewReader, scope: Scope, asked: WasSo | ChangedSo
) -> tuple[Sequence[str], int] | None:
    params = Parameters()
    most = params.add("integer", MOST_HITS + 1)
    sql = candidates(asked, scope.tenants, params, most)
    if sql is None:
        return None
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
