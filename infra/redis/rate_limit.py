"""Requests a minute for each user, shared over processes by leases and without a round trip each.

A process leases a share of a user's budget from the store by one atomic script and spends it
from memory; it asks for the next share before the last is spent and gives back what it does
not use. So the sum over all processes never passes the limit. Store gone: each process counts
by itself, up to the whole limit (the defined mode of failure), until the store is back.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import field
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.values.frozen import dataclass

WINDOW_S: Final = 60

_SETTLE_EVERY_S: Final = 1.0
_STORE_PAUSE_S: Final = 1.0
_REMEMBERED: Final = 100_000

# KEYS[1] the user's budget. ARGV: what is asked for (negative: given back), the limit, the window
# of what is given back. A share is an eighth of what is left, so that the last ones are small.
# Returns: granted, left in the store, the window, milliseconds until it ends.
_LEASE: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local window = math.floor(now / 60000)
local ends_in = (window + 1) * 60000 - now
local ask, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'window', 'used')
local used = 0
if tonumber(kept[1]) == window then used = tonumber(kept[2]) end
if ask < 0 then
  if tonumber(ARGV[3]) ~= window then return {0, limit - used, window, ends_in} end
  ask = -math.min(-ask, used)
else
  local left = math.max(0, limit - used)
  ask = math.min(ask, math.ceil(left / 8))
end
redis.call('HSET', KEYS[1], 'window', window, 'used', used + ask)
redis.call('PEXPIRE', KEYS[1], ends_in + 1000)
return {ask, limit - used - ask, window, ends_in}
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`remaining` of `limit` requests, until `reset_s` seconds from now."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


@dataclass(slots=True)
class _Share:
    """One user's lease in this process. Times are of the monotonic clock."""

    window: int
    ends: float
    left: int = 0
    elsewhere: int = 0
    spent: int = 0
    refused_until: float = 0.0
    used_at: float = 0.0
    asking: asyncio.Task[None] | None = field(default=None, repr=False)


class RateLimiter:
    """One a process. Without a store (`redis` None) it always counts alone."""

    def __init__(
        self, redis: Redis | None, per_minute: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit = per_minute
        self._redis = redis
        self._lease = None if redis is None else redis.register_script(_LEASE)
        self._now = now
        self._shares: dict[str, _Share] = {}
        self._is_away = redis is None
        self._ask_again_at = 0.0
        self._settling: asyncio.Task[None] | None = None

    @property
    def mode(self) -> str:
        """`shared` while the store answers, else `local`, until it has answered again."""
        return "local" if self._is_away else "shared"

    def take(self, user: str) -> Verdict | None:
        """Spend one request from memory; None where the store has to be asked first."""
        now = self._now()
        share = self._shares.get(user)
        if share is None or now >= share.ends:
            return None
        share.used_at = now
        if share.left > 0:
            share.left -= 1
            share.spent += 1
            # The next share is asked for while a quarter of this one is still there.
            if share.left * 32 < share.elsewhere and share.asking is None:
                self._ask(user, share)
            return self._verdict(share, now, allowed=True)
        if now < share.refused_until:
            return self._verdict(share, now, allowed=False)
        return None

    async def acquire(self, user: str) -> Verdict:
        """Spend one request, asking the store where `take` could not say."""
        while True:
            verdict = self.take(user)
            if verdict is not None:
                return verdict
            share = self._shares.get(user)
            if share is None or self._now() >= share.ends:
                share = self._begin(user)
            if share.asking is None:
                self._ask(user, share)
            assert share.asking is not None
            await asyncio.shield(share.asking)

    def start(self) -> None:
        self._settling = asyncio.create_task(self._settle(), name="rate-limit-settle")

    async def stop(self) -> None:
        """Give back what was leased and not used."""
        if self._settling is not None:
            self._settling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._settling
        await self._give_back(idle_since=math.inf)

    def _begin(self, user: str) -> _Share:
        if len(self._shares) >= _REMEMBERED:
            del self._shares[next(iter(self._shares))]
        seconds = time.time()
        window = int(seconds // WINDOW_S)
        share = _Share(window, self._now() + (window + 1) * WINDOW_S - seconds)
        self._shares[user] = share
        return share

    def _ask(self, user: str, share: _Share) -> None:
        share.asking = asyncio.create_task(self._fetch(user, share))

    async def _fetch(self, user: str, share: _Share) -> None:
        try:
            leased = await self._ask_store(user, self.limit, 0)
            if leased is None:
                self._count_alone(share)
                return
            granted, left, window, ends_in = leased
            now = self._now()
            if window != share.window:
                # What was leased for a window that is over is worth nothing in this one.
                share.window, share.left, share.spent = window, 0, 0
            share.ends = now + ends_in / 1000
            share.left += granted
            share.elsewhere = left
            # Somebody may still give something back: ask again, but not for every request.
            share.refused_until = 0.0 if share.left else now + _STORE_PAUSE_S
        finally:
            share.asking = None

    async def _ask_store(
        self, user: str, wanted: int, window: int
    ) -> tuple[int, int, int, int] | None:
        """What the script returns; None where the store is away, which is not asked again for
        a second."""
        if self._lease is None or self._now() < self._ask_again_at:
            return None
        try:
            granted, left, of, ends_in = await self._lease(
                keys=[_key(user)], args=[wanted, self.limit, window]
            )
        except (RedisError, OSError, TimeoutError) as error:
            self._is_away = True
            self._ask_again_at = self._now() + _STORE_PAUSE_S
            _log.warning("rate_limit_store_down", error=repr(error))
            return None
        self._is_away = False
        return granted, left, of, ends_in

    def _count_alone(self, share: _Share) -> None:
        share.elsewhere = 0
        share.left = max(0, self.limit - share.spent)
        if share.left == 0:
            share.refused_until = self._now() + _STORE_PAUSE_S

    def _verdict(self, share: _Share, now: float, *, allowed: bool) -> Verdict:
        remaining = max(0, share.left + share.elsewhere) if allowed else 0
        return Verdict(allowed, self.limit, remaining, max(1, math.ceil(share.ends - now)))

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(_SETTLE_EVERY_S)
            await self._give_back(idle_since=self._now() - _SETTLE_EVERY_S)
            if self._redis is not None and self._is_away:
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    await self._redis.ping()
                    self._is_away = False

    async def _give_back(self, idle_since: float) -> None:
        now = self._now()
        idle: list[tuple[str, _Share]] = []
        for user, share in list(self._shares.items()):
            if now >= share.ends:
                del self._shares[user]
            elif share.left and share.asking is None and share.used_at < idle_since:
                idle.append((user, share))
        for user, share in idle:
            given, share.left = share.left, 0
            share.elsewhere += given
            await self._ask_store(user, -given, share.window)


def _key(user: str) -> str:
    return f"taskledger:rate:{{{user}}}"
