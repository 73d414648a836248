"""Where somebody is, was or has written, and the invitations by which they came there."""

from typing import Final, LiteralString

from msgspec import msgpack

from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from infra.postgres.views.waiting import ViewWaiter
from projections.members import MEMBERS_VIEW

# In how many workspaces somebody is looked for by what they wrote.
_MOST: Final = 1_000

_BEEN: Final = "SELECT t.been FROM {members_people} AS t WHERE t.user_id = %(user_id)s"
_WROTE_IN: LiteralString = """
SELECT workspace_id FROM keys.every_key WHERE owner = %(owner)s AND kind = 'content'
UNION SELECT workspace_id FROM keys.destroyed WHERE owner = %(owner)s AND kind = 'content'
ORDER BY workspace_id LIMIT %(most)s
"""

_Been = msgpack.Decoder(dict[str, list[str]])


@dataclass(frozen=True, slots=True)
class Places:
    """`workspaces`: the system's apart. `invitations`: ids of those that were theirs."""

    workspaces: tuple[str, ...]
    invitations: tuple[str, ...]


class PlacesOfPeople:
    """Who has left a workspace is found there like who is in it: by the view of members, and by the
    keys that sealed what they wrote, whether those are there or destroyed."""

    def __init__(self, pool: Pool, pointers: Pointers, waiter: ViewWaiter) -> None:
        self._pool = pool
        self._waiter = waiter
        self._reader = ViewReader(pool, pointers, MEMBERS_VIEW)

    async def of(self, user_id: str, position: int) -> Places:
        """As the log had them at a position. Raises Refused(VIEW_BEHIND) where the view does not
        get there in time."""
        await self._waiter.reached(MEMBERS_VIEW, position)
        rows = await self._reader.fetch((SYSTEM_WORKSPACE,), _BEEN, {"user_id": user_id})
        been = _Been.decode(rows[0][0]) if rows else {}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_WROTE_IN, {"owner": user_id, "most": _MOST})
            wrote_in = {workspace_id for (workspace_id,) in await cursor.fetchall()}
        return Places(
            tuple(sorted({*been, *wrote_in} - {SYSTEM_WORKSPACE})),
            tuple(sorted({each for came_by in been.values() for each in came_by})),
        )
