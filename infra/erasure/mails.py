"""Lets no mail that nobody sent outlive whom it is about, in the folder of this machine."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from infra.mail.folder import MailFolder
from infra.postgres.pool import Pool
from infra.processes.backoff import Backoff
from infra.tasks import cancelled

# What was being written while keys were destroyed stands in the folder after so long, by our clock.
_WRITTEN_WITHIN: Final = timedelta(seconds=60)
_ERASED: Final = """
SELECT array(SELECT DISTINCT owner FROM keys.destroyed
             WHERE kind = 'identity' AND owner = ANY (%s)),
       (SELECT max(destroyed_at) FROM keys.destroyed WHERE kind = 'identity')
"""

_log = structlog.get_logger(__name__)


class MailsOfErased:
    """Looks into the folder when the process starts and whenever keys were destroyed (`heard`).

    What has to go follows from what is there: a mail names its account, and an account that was
    erased has no identity key any more. So whatever dies half way is done by who comes next.
    """

    def __init__(self, pool: Pool, folder: MailFolder, writing: asyncio.Lock) -> None:
        """`writing` is held while a mail is made, which may know somebody from before."""
        self._pool = pool
        self._folder = folder
        self._writing = writing
        self._told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def heard(self) -> None:
        self._told.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="mails of whoever was erased")

    async def stop(self) -> None:
        if self._task is not None:
            await cancelled(self._task)

    async def _follow(self) -> None:
        backoff = Backoff(first_s=0.5, longest_s=20.0)
        while True:
            self._told.clear()
            try:
                await self._forget()
            except Exception as error:
                _log.warning("mails_not_forgotten", error=repr(error))
                await backoff.wait()
                continue
            backoff.reset()
            await self._told.wait()

    async def _forget(self) -> None:
        async with self._writing:
            accounts = await self._folder.accounts()
            if accounts is None:
                return
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_ERASED, (sorted(accounts),))
                row = await cursor.fetchone()
            assert row is not None
            erased, latest = row
            if latest is not None:
                before = (latest + _WRITTEN_WITHIN).timestamp()
                count = await self._folder.forget(erased, before)
                if count:
                    _log.info("mails_forgotten", count=count)
