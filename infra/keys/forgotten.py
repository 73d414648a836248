"""Keys that were destroyed, told to whatever in this process remembers what they sealed."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import structlog

from infra.keys.content_keys import KeyRing
from infra.keys.destruction import DestroyedKeys, destroy_again
from infra.postgres.pool import Pool
from infra.tasks import cancelled
from projections.markdown import as_html
from projections.words import forget_words

# Every process that reads the log has let go of a destroyed key after so long.
HEARD_WITHIN_S: Final = 3.0

_EVERY_S: Final = 0.5
_OVERLAP: Final = timedelta(seconds=10)
_SINCE: Final = """
SELECT array(SELECT key_id FROM keys.destroyed WHERE destroyed_at > now() - %s),
    (SELECT max(redacted_at) FROM ops.projection_generations)
"""

_log = structlog.get_logger(__name__)


class Forgotten:
    """Asks twice a second which keys were destroyed and whether a view has lost what they sealed,
    and at once where it is told that some were (`heard`). While nobody can say, no key stays
    remembered."""

    def __init__(self, pool: Pool, *rings: KeyRing) -> None:
        self._pool = pool
        self._rings = list(rings)
        self._forget: list[Callable[[], None]] = [forget_words, as_html.cache_clear]
        self._known: set[bytes] = set()
        self._redacted_at: datetime | None = None
        self._told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def also(self, forget: Callable[[], None]) -> None:
        """Something else that may remember what people wrote."""
        self._forget.append(forget)

    def no_longer(self, forget: Callable[[], None]) -> None:
        """What remembered has gone itself."""
        self._forget.remove(forget)

    def heard(self) -> None:
        self._told.set()

    def drop(self, key_ids: Collection[bytes]) -> None:
        """These were destroyed, here or elsewhere. In one step, so that no command finds words
        without finding the key gone."""
        for ring in self._rings:
            ring.drop(key_ids)
        for forget in self._forget:
            forget()

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="forgotten keys")

    async def stop(self) -> None:
        if self._task is not None:
            await cancelled(self._task)

    async def _follow(self) -> None:
        asked = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _EVERY_S)
            self._told.clear()
            begun = time.monotonic()
            try:
                await self._take(timedelta(seconds=begun - asked) + _OVERLAP)
                asked = begun
            except Exception as error:
                _log.warning("forgotten_unknown", error=repr(error))
                for ring in self._rings:
                    ring.drop()

    async def _take(self, age: timedelta) -> None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_SINCE, (age,), prepare=True)
            row = await cursor.fetchone()
        assert row is not None
        found, redacted_at = {key_id.bytes for key_id in row[0]}, row[1]
        new, self._known = found - self._known, found
        if new or redacted_at != self._redacted_at:
            # What was asked of a view meanwhile may have been answered from before.
            self._redacted_at = redacted_at
            self.drop(new)


async def destroy_what_came_back(pool: Pool, destroyed: DestroyedKeys) -> list[bytes]:
    """After a restore the keys of those who were erased are there again: destroy them again."""
    ids = destroyed.ids()
    if not ids:
        return []
    async with pool.connection() as connection:
        back = await destroy_again(connection, destroyed)
    if back:
        _log.warning("destroyed_keys_came_back", keys=[str(uuid.UUID(bytes=each)) for each in back])
    return back
