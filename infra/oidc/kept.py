"""Something that another publishes, fetched when it is wanted and not oftener than is decent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import structlog

T = TypeVar("T")

_FRESH_S: Final = 3600.0
# Whoever doubts what is known may have it fetched anew, but not one after the other.
_DOUBTS_S: Final = 10.0
_AFTER_A_FAILURE_S: Final = 1.0

_log = structlog.get_logger(__name__)


class Unreachable(Exception):
    """Somebody does not answer, or with what makes no sense; the message says which."""


class Kept(Generic[T]):
    """At an outage what is known goes on. `monotonic` is in seconds from any moment."""

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._value: T | None = None
        self._good_until = self._quiet_until = self._doubts_from = float("-inf")
        self._turn = asyncio.Lock()

    async def get(self) -> T:
        """Raises Unreachable where nothing is known and nothing can be had."""
        async with self._turn:
            now = self._monotonic()
            if now >= self._good_until and now >= self._quiet_until:
                try:
                    self._value = await self._fetch()
                    self._good_until = self._monotonic() + _FRESH_S
                except Unreachable as error:
                    _log.warning("sign_on_provider_unreachable", why=str(error))
                    self._quiet_until = self._monotonic() + _AFTER_A_FAILURE_S
                    if self._value is None:
                        raise
            if self._value is None:
                raise Unreachable("it did not answer a moment ago")
            return self._value

    def doubt(self, value: T) -> None:
        """Let it be fetched anew, where this is what is known and nobody has doubted lately."""
        now = self._monotonic()
        if self._value is value and now >= self._doubts_from:
            self._doubts_from = now + _DOUBTS_S
            self._good_until = float("-inf")
