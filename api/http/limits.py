"""Requests a minute: spent from the caller's budget, told in headers, refused with 429."""

import time

from api.http.call import Call
from api.http.reply import Header, header
from domain.errors import Kind, Refused
from infra.redis.rate_limit import WINDOW_S, Verdict


async def spend(call: Call, who: str) -> None:
    """One request of this user or address. Raises Refused(RATE_LIMITED) where none is left."""
    limiter = call.house.rate_limiter
    if limiter is None:
        return
    verdict = limiter.take(who) or await limiter.acquire(who)
    call.extra += _headers(verdict)
    if not verdict.allowed:
        raise Refused(
            Kind.RATE_LIMITED,
            f"More than {verdict.limit} requests in a minute; wait {verdict.reset_s} s.",
            retry_after=verdict.reset_s,
        )


def _headers(verdict: Verdict) -> list[Header]:
    """The fields of draft-ietf-httpapi-ratelimit-headers, and those in wide use before it."""
    return [
        (b"ratelimit-policy", b'"default";q=%d;w=%d' % (verdict.limit, WINDOW_S)),
        (b"ratelimit", b'"default";r=%d;t=%d' % (verdict.remaining, verdict.reset_s)),
        header("x-ratelimit-limit", verdict.limit),
        header("x-ratelimit-remaining", verdict.remaining),
        header("x-ratelimit-reset", int(time.time()) + verdict.reset_s),
    ]
