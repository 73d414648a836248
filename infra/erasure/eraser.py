"""Carries out an erasure that was approved: the account is closed, then the keys are destroyed."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from commands.custody.approve_erasure import NoteErasure
from commands.execution import Executor
from commands.scheduler import SCHEDULER
from domain.custody.state import CUSTODY, Custody, Erasure
from infra.exports.book import ExportBook
from infra.exports.files import ExportFiles
from infra.exports.saved import forget_exports
from infra.keys.destruction import DestroyedKeys, destroy_keys, destroyed_of
from infra.mail.folder import MailFolder
from infra.postgres.pool import Connection, Pool

# In how many workspaces a person is looked for.
MOST_PLACES: Final = 1_000

_SESSIONS: Final = "SELECT session_id FROM people.sessions WHERE user_id = %s AND ended_at IS NULL"
_WROTE_IN: Final = (
    "SELECT DISTINCT workspace_id FROM keys.every_key WHERE owner = %s AND kind = 'content'"
    " ORDER BY workspace_id LIMIT %s"
)
_EVER_WROTE_IN: Final = (
    "SELECT workspace_id FROM keys.every_key WHERE owner = %(owner)s AND kind = 'content'"
    " UNION SELECT workspace_id FROM keys.destroyed WHERE owner = %(owner)s AND kind = 'content'"
)

_log = structlog.get_logger(__name__)


class Eraser:
    """Done again, it does what is left: a process that dies half way is followed by another one.

    `gone` lets this process forget the keys, and tells the others; `ended` hears of each session.
    """

    def __init__(
        self,
        pool: Pool,
        destroyed: DestroyedKeys,
        files: ExportFiles,
        mails: MailFolder,
        gone: Callable[[Sequence[bytes]], Awaitable[None]],
        ended: Callable[[str], None] = lambda _session_id: None,
    ) -> None:
        self._pool = pool
        self._destroyed = destroyed
        self._exports = ExportBook(pool)
        self._files = files
        self._mails = mails
        self._gone = gone
        self._ended = ended

    async def wrote_in(self, user_id: str, most: int) -> list[str]:
        """The workspaces where somebody has written anything, left ones too."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_WROTE_IN, (user_id, most))
            return [workspace_id for (workspace_id,) in await cursor.fetchall()]

    async def carry_out(
        self, executor: Executor, workspace_id: str, erasure: Erasure, found: Sequence[str] = ()
    ) -> Custody:
        """The custody with what was done noted in it. `found`: where the person is, beside where
        they have written. Of counts a run that died half way has taken some with it; the keys are
        all named. Raises Refused, psycopg.Error, OSError, ExportsAway."""
        async with self._pool.connection() as connection:
            counts = await self._close(connection, erasure.user_id)
            mails = await self._mails.forget((erasure.user_id,))
            await self.destroy(connection, erasure)
            keys = await destroyed_of(connection, erasure.user_id, erasure.places)
            cursor = await connection.execute(_EVER_WROTE_IN, {"owner": erasure.user_id})
            places = {workspace_id, *found, *(each for (each,) in await cursor.fetchall())}
        exports = await forget_exports(self._exports, self._files, places)
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

    async def destroy(self, connection: Connection, erasure: Erasure) -> bool:
        """Destroy what keys there are of whoever was erased; False where there were none."""
        gone = await destroy_keys(
            connection, erasure.user_id, self._destroyed, places=erasure.places
        )
        if gone:
            await self._gone(gone)
        return bool(gone)

    async def _close(self, connection: Connection, user_id: str) -> Counter[str]:
        cursor = await connection.execute(_SESSIONS, (user_id,))
        sessions = [session_id for (session_id,) in await cursor.fetchall()]
        cursor = await connection.execute("SELECT * FROM people.forget(%s)", (user_id,))
        counts = Counter({kind: int(number) for kind, number in await cursor.fetchall() if number})
        for session_id in sessions:
            self._ended(session_id)
        return counts
