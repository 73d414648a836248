"""What guards the doors: how often one may ask, and refusals that are noted in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.bootstrap.ground import Ground
from infra.bootstrap.upkeep import every
from infra.executors import utc_now
from infra.postgres.views.member_queries import MemberQueries
from infra.redis.client import open_redis
from infra.redis.first_uses import FirstUses
from infra.redis.rate_limit import RateLimiter
from infra.security.alarm import RecordingAlarm
from infra.security.watch import SecurityWatch
from infra.settings.values import revealed

_TELL_SECURITY_EVERY_S: Final = 1.0


@dataclass(kw_only=True)
class Guard:
    """`rate_limiter` (of users) and `key_rate_limiter` (of their API keys) are None where there is
    no limit."""

    security: SecurityWatch
    recording: RecordingAlarm
    rate_limiter: RateLimiter | None
    key_rate_limiter: RateLimiter | None


def open_guard(ground: Ground, members: MemberQueries) -> Guard:
    recording = RecordingAlarm(ground.metrics, utc_now)
    security = _security_watch(ground, members, recording)
    every(_TELL_SECURITY_EVERY_S, security.tell, ground.stack)
    users, keys = _rate_limiters(ground)
    return Guard(security=security, recording=recording, rate_limiter=users, key_rate_limiter=keys)


def _security_watch(
    ground: Ground, members: MemberQueries, recording: RecordingAlarm
) -> SecurityWatch:
    async def workspaces_of(user_id: str) -> Sequence[str]:
        person = await members.person(user_id)
        return () if person is None else tuple(person.roles)

    return SecurityWatch(
        ground.executor,
        workspaces_of,
        FirstUses(ground.windows, ground.aliases).note,
        recording,
        utc_now,
        window_s=ground.settings.security_window_s,
        most_a_minute=ground.settings.security_notes_per_minute,
    )


def _rate_limiters(ground: Ground) -> tuple[RateLimiter | None, RateLimiter | None]:
    settings = ground.settings
    if not settings.rate_limit_per_minute:
        return None, None
    redis_url = revealed(settings.redis_url)
    redis = None if redis_url is None else open_redis(redis_url)
    if redis is not None:
        ground.stack.push_async_callback(redis.aclose)
    users = RateLimiter(redis, settings.rate_limit_per_minute)
    keys = RateLimiter(redis, settings.rate_limit_per_key_per_minute)
    for limiter in (users, keys):
        limiter.start()
        ground.stack.push_async_callback(limiter.stop)
    return users, keys
