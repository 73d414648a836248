"""People's names for stored answers: kept by each process, and followed by position."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from domain.values.ids import SYSTEM_ACTOR, SYSTEM_WORKSPACE
from infra.postgres.pool import Pool
from infra.tasks import Shared
from projections.members import MEMBERS_VIEW

from .gather import Gather
from .pointers import Pointers
from .reader import ViewReader

FRESH_FOR_S: Final = 0.25
MOST_KEPT: Final = 100_000

_MOST_CHANGES: Final = 1_000

_NAMES = """
SELECT t.user_id, t.name, {position}
FROM {members_people} AS t WHERE t.user_id = ANY(%s)
"""

_CHANGES = """
SELECT {position}, array(
    SELECT t.user_id FROM {members_people} AS t WHERE t.changed > %s
    ORDER BY t.changed LIMIT %s
)
"""


class Directory:
    """Names as JSON by user id. What a process keeps is at most a quarter of a second older
    than the view: before it is used it asks who has changed since the position at which it
    asked last, and lets go of those."""

    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, MEMBERS_VIEW)
        self._gather: Gather[str, bytes] = Gather(self._fetch)
        self._names: dict[str, bytes] = {}
        self._position = 0
        self._checked_at = float("-inf")
        self._check = Shared(self._look)

    async def names(
        self, user_ids: Iterable[str], position: int | None = None
    ) -> Mapping[str, bytes]:
        """The names of these people, those that the view does not know left out.

        `position`: what the reader has written itself; the names are no older than the view was
        when that was asked for, if the reader has waited for it.
        """
        await self._follow(position)
        wanted = set(user_ids)
        names = {each: self._names[each] for each in wanted if each in self._names}
        if SYSTEM_ACTOR in wanted:
            names[SYSTEM_ACTOR] = b'"System"'
        missing = [each for each in wanted if each not in names]
        if missing:
            found = await asyncio.gather(*(self._gather.get(each) for each in missing))
            known = zip(missing, found, strict=True)
            names.update({user_id: name for user_id, name in known if name is not None})
        return names

    def forget_all(self) -> None:
        """Somebody was erased: no name is kept."""
        self._names.clear()

    async def _follow(self, position: int | None) -> None:
        asked_at = asyncio.get_running_loop().time()
        while not (self._is_fresh(asked_at, position) or self._checked_at > asked_at):
            await self._check.done()

    async def _look(self) -> None:
        began = asyncio.get_running_loop().time()
        rows = await self._reader.fetch(
            (SYSTEM_WORKSPACE,), _CHANGES, (self._position, _MOST_CHANGES + 1)
        )
        seen, changed = rows[0]
        if len(changed) > _MOST_CHANGES or (seen or 0) < self._position:
            self._names.clear()
        else:
            for user_id in changed:
                self._names.pop(user_id, None)
        self._position = seen or 0
        self._checked_at = began

    def _is_fresh(self, asked_at: float, position: int | None) -> bool:
        if position is not None and position > self._position:
            return False
        return asked_at - self._checked_at < FRESH_FOR_S

    async def _fetch(self, user_ids: Iterable[str]) -> Mapping[str, bytes]:
        asked_at = self._position
        rows = await self._reader.fetch((SYSTEM_WORKSPACE,), _NAMES, (list(user_ids),))
        names = {user_id: bytes(name) for user_id, name, _ in rows}
        # A change that was met while this was out may be newer than what was read here.
        if asked_at == self._position:
            if len(self._names) + len(names) > MOST_KEPT:
                self._names.clear()
            self._names.update(names)
        return names
