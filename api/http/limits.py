"""Requests a minute: spent from the caller's budget, told in headers, refused with 429."""

import time

from api.http.call import Call
from api.http.reply import Header, header
from domain.errors import Kind, Refused
from infra.redis.rate_limit import WINDOW_S, Verdict


async def spend(call: Call, who: str, key_id: str | None = None) -> None:
    """One request of this user or address, and of the key that it came with. Raises
    Refused(RATE_LIMITED) where either has none left; the headers tell of the one that has less."""
    house = call.house
    limiter, keys = house.rate_limiter, house.key_rate_limiter
    if limiter is None:
        return
    verdict, policy = limiter.take(who) or await limiter.acquire(who), b"default"
    if key_id is not None and keys is not None and verdict.allowed:
        of_key = keys.take(key_id) or await keys.acquire(key_id)
        if not of_key.allowed or of_key.remaining < verdict.remaining:
            verdict, policy = of_key, b"key"
    call.extra += _headers(verdict, policy)
    if not verdict.allowed:
        raise Refused(
            Kind.RATE_LIMITED,
            f"More than {verdict.limit} requests in a minute; wait {verdict.reset_s} s.",
            retry_after=verdict.reset_s,
        )


async def spend_by_address(call: Call) -> None:
    """One request of whoever does not say who they are. Raises as `spend`."""
    await spend(call, f"address {call.address}")


def _headers(verdict: Verdict, policy: bytes) -> list[Header]:
    """The fields of draft-ietf-httpapi-ratelimit-headers, and those in wide use before it."""
    return [
        (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (policy, verdict.limit, WINDOW_S)),
        (b"ratelimit", b'"%b";r=%d;t=%d' % (policy, verdict.remaining, verdict.reset_s)),
        header("x-ratelimit-limit", verdict.limit),
        header("x-ratelimit-remaining", verdict.remaining),
        header("x-ratelimit-reset", int(time.time()) + verdict.reset_s),
    ]
