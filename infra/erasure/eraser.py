"""Carries out an erasure that was approved: the account is closed, then the keys are destroyed."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from commands.custody.approve_erasure import NoteErasure
from commands.execution import Executor
from commands.scheduler import SCHEDULER
from domain.custody.state import CUSTODY, Custody, Erasure, ErasureState
from infra.erasure.places import Places, PlacesOfPeople
from infra.exports.book import ExportBook
from infra.exports.files import ExportFiles
from infra.exports.saved import forget_exports
from infra.keys.destruction import DestroyedKeys, destroy_keys, destroyed_of
from infra.mail.folder import MailFolder
from infra.postgres.pool import Connection, Pool

_OPEN: Final = """
SELECT session_id FROM people.sessions WHERE user_id = %(whom)s AND ended_at IS NULL
UNION ALL SELECT key_id FROM people.api_keys WHERE user_id = %(whom)s AND revoked_at IS NULL
"""

_log = structlog.get_logger(__name__)


class Eraser:
    """Done again, it does what is left: a process that dies half way is followed by another one.

    `gone` lets this process forget the keys, and tells the others; `ended` hears of each session
    and API key. Without it every process finds out by itself, within a second.
    """

    def __init__(
        self,
        pool: Pool,
        destroyed: DestroyedKeys,
        files: ExportFiles,
        mails: MailFolder,
        places: PlacesOfPeople,
        gone: Callable[[Sequence[bytes]], Awaitable[None]],
        ended: Callable[[str], None] | None = None,
    ) -> None:
        self._pool = pool
        self._destroyed = destroyed
        self._exports = ExportBook(pool)
        self._files = files
        self._mails = mails
        self._places = places
        self._gone = gone
        self._ended = ended

    async def places_of(self, user_id: str, position: int) -> Places:
        """Where an erasure of somebody has to look. Raises Refused(VIEW_BEHIND)."""
        return await self._places.of(user_id, position)

    async def carry_out(
        self,
        executor: Executor,
        workspace_id: str,
        erasure: Erasure,
        places: Places | None = None,
    ) -> Custody:
        """The custody with what was done noted in it. `places`: as they were found before it was
        approved; else they are looked for. Of counts a run that died half way has taken some with
        it; the keys are all named. Raises Refused, psycopg.Error, OSError, ExportsAway."""
        user_id = erasure.user_id
        async with self._pool.connection() as connection:
            counts = await self._close(connection, user_id)
            mails = await self._mails.forget((user_id,))
            await self._destroy(connection, erasure, user_id)
        if places is None:
            # Only now, since a view may be long in coming.
            approved = erasure.steps[ErasureState.APPROVED]
            places = await self._places.of(user_id, approved.position)
        owners = (user_id, *places.invitations)
        async with self._pool.connection() as connection:
            await self._destroy(connection, erasure, *places.invitations)
            keys = await destroyed_of(connection, owners, erasure.places)
        in_all = {workspace_id, *places.workspaces}
        exports = await forget_exports(self._exports, self._files, in_all)
        counts.update(f"{kind}_keys" for _, kind in keys)
        if exports:
            counts["exports"] = exports
        if mails:
            counts["mail_files"] = mails
        note = NoteErasure(
            workspace_id=workspace_id,
            erasure_id=erasure.erasure_id,
            key_ids=tuple(key_id for key_id, _ in keys),
            counts=counts,
        )
        outcome = await executor.execute([note], SCHEDULER)
        _log.info("erasure_carried_out", erasure=erasure.erasure_id, keys=len(keys))
        return outcome.state(CUSTODY)

    async def destroy_left(self, connection: Connection, erasure: Erasure) -> bool:
        """Destroy what keys a command that had begun before has made of whoever was erased; False
        where there were none."""
        return await self._destroy(connection, erasure, erasure.user_id)

    async def _destroy(self, connection: Connection, erasure: Erasure, *owners: str) -> bool:
        gone = []
        for owner in owners:
            gone += await destroy_keys(connection, owner, self._destroyed, places=erasure.places)
        if gone:
            await self._gone(gone)
        return bool(gone)

    async def _close(self, connection: Connection, user_id: str) -> Counter[str]:
        opened: Sequence[str] = ()
        if self._ended is not None:
            cursor = await connection.execute(_OPEN, {"whom": user_id})
            opened = [each for (each,) in await cursor.fetchall()]
        cursor = await connection.execute("SELECT * FROM people.forget(%s)", (user_id,))
        counts = Counter({kind: int(number) for kind, number in await cursor.fetchall() if number})
        if self._ended is not None:
            for each in opened:
                self._ended(each)
        return counts
