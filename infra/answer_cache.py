"""Answers about one project, kept in this process until something happens that could change them.

An answer of a view holds for as long as the view has applied nothing that concerns it. That is
asked for each time, in one small question whose snapshot has the view's position and all that
happened since the answer was made: so no answer is given after an event that it lacks was applied.
What happened is read from the view of activity, which has a row for every event of a task, a
comment or a project, and which therefore has to be as far as the view itself.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, Final, Protocol, Self, TypeVar

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import Question, ViewReader
from projections.activity import ACTIVITY_VIEW
from projections.projection import Projection

# So many events of a workspace since an answer was given last are looked at.
MOST_SINCE: Final = 200

# Of what an entry takes in memory beside its answer.
_BESIDE: Final = 1_500

_MOST_ASKED_ONCE: Final = 10_000

# A row of another project's task changes through its subtasks, which may stand in any project: so
# what happened to a task that has a parent, or had one, concerns every project, as does whatever
# happened to no single task.
_SINCE: Final = """
SELECT {position}, {least_position}, {parked}, s.happened, s.concerned
FROM (
    SELECT count(*) AS happened, coalesce(bool_or(e.task_id IS NULL OR t.task_id IS NULL
        OR e.project_id = k.p1 OR t.project_id = k.p1 OR t.parent_task_id IS NOT NULL
        OR e.action = 'parent_changed'), false) AS concerned
    FROM (
        SELECT x.task_id, x.project_id, x.action FROM {activity_entries} AS x
        WHERE x.workspace_id = k.p0 AND x.position > k.p2
        ORDER BY x.workspace_id, x.position, x.ordinal LIMIT <most>
    ) AS e
    LEFT JOIN LATERAL (
        SELECT r.task_id, r.project_id, r.parent_task_id FROM {<rows>} AS r
        WHERE r.task_id = e.task_id OFFSET 0
    ) AS t ON true
) AS s
"""


class Keepable(Protocol):
    """An answer of a view. `parked`: it was made while the view left some stream alone, whose
    healing changes rows without an event; such a one is not kept."""

    @property
    def position(self) -> int: ...

    @property
    def parked(self) -> bool: ...

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        ...

    def at(self, position: int) -> Self:
        """The same, known to hold as of that position."""
        ...


A = TypeVar("A", bound=Keepable | None)


@dataclass(frozen=True, slots=True)
class Place:
    """What an answer is about, and so what can change it."""

    view: Projection
    workspace_id: str
    project_id: str


@dataclass(slots=True)
class _Kept:
    answer: Any
    generation: int
    position: int
    size: int


class AnswerCache:
    """Answers of some views, each with its table that has a row for each task (`tables`).

    What is asked a second time is kept, the least recently given goes first, and all together take
    at most `most_bytes`; nothing is kept where that is 0. May be asked on the event loop only.
    """

    def __init__(
        self,
        pool: Pool,
        pointers: Pointers,
        tables: Iterable[tuple[Projection, str]],
        most_bytes: int,
    ) -> None:
        self._pointers = pointers
        self._checks = {
            view.name: (
                ViewReader(pool, pointers, view, (ACTIVITY_VIEW,)),
                _SINCE.replace("<rows>", f"{view.name}_{table}").replace("<most>", str(MOST_SINCE)),
            )
            for view, table in tables
        }
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._asked_once: OrderedDict[Hashable, None] = OrderedDict()
        self._size = 0
        # How many were given again, and how many had to be asked for.
        self.given = 0
        self.asked = 0

    def forget_all(self) -> None:
        """Somebody was erased: whatever is kept may hold their words."""
        self._kept.clear()
        self._size = 0

    async def answer(self, key: Hashable, place: Place, ask: Callable[[], Awaitable[A]]) -> A:
        """What `ask` answers, or what it answered before to the same `key`, where that still
        holds. A key says all that the answer follows from beside the rows of its place."""
        kept = self._kept.get(key)
        if kept is not None:
            position = await self._held_until(kept, place)
            if position is not None:
                self.given += 1
                if key in self._kept:
                    self._kept.move_to_end(key)
                found: A = kept.answer.at(position)
                return found
        self.asked += 1
        if not self._most_bytes or (kept is None and self._is_first(key)):
            return await ask()
        generation = await self._pointers.generation(place.view)
        answer = await ask()
        self._keep(key, answer, generation)
        return answer

    async def _held_until(self, kept: _Kept, place: Place) -> int | None:
        """The view's position, where nothing up to it concerned the answer; else None."""
        if kept.generation != await self._pointers.generation(place.view):
            return None
        since = kept.position
        reader, sql = self._checks[place.view.name]
        question = Question(
            sql,
            ("text", "text", "bigint"),
            (place.workspace_id, place.project_id, since),
            (place.workspace_id,),
        )
        position, least, parked, happened, concerned = await reader.ask(question)
        if position is None or least != position or position < since or parked or concerned:
            return None
        if happened >= MOST_SINCE:
            return None
        kept.position = max(kept.position, position)
        checked: int = position
        return checked

    def _is_first(self, key: Hashable) -> bool:
        """Whether it was not asked before, as far as that is remembered: what nobody asks again
        would only put out what somebody does."""
        if key in self._asked_once:
            del self._asked_once[key]
            return False
        self._asked_once[key] = None
        if len(self._asked_once) > _MOST_ASKED_ONCE:
            self._asked_once.popitem(last=False)
        return True

    def _keep(self, key: Hashable, answer: Keepable | None, generation: int) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            self._size -= before.size
        if answer is None:
            return
        size = answer.size + _BESIDE
        # One that is large would put out many that are asked for as often.
        if answer.parked or size > self._most_bytes // 8:
            return
        self._kept[key] = _Kept(answer, generation, answer.position, size)
        self._size += size
        while self._size > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
