"""What people are called in what is exported: asked once each, by id."""

from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from commands.states import States
from domain.user.state import USER
from domain.values.text import readable
from infra.postgres.views.directory import Directory

_MOST_KEPT: Final = 50_000


class Names:
    """Of one export. Whoever was erased has none."""

    def __init__(self, directory: Directory, states: States) -> None:
        self._directory = directory
        self._states = states
        self._kept: dict[str, str | None] = {}

    async def of(self, user_ids: Iterable[str]) -> Mapping[str, str | None]:
        """The names of these people, and of some others that were asked for before."""
        missing = {each for each in user_ids if each not in self._kept}
        if missing:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            found = await self._directory.names(missing)
            for each in missing:
                name = found.get(each)
                self._kept[each] = orjson.loads(name) if name else await self._from_log(each)
        return self._kept

    async def _from_log(self, user_id: str) -> str | None:
        user = await self._states.read(USER, user_id)
        return None if user is None else readable(user.name)
