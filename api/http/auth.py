"""Who calls: a bearer token, checked in memory, and that caller's budget of requests."""

import re
from typing import Final

from api.http.call import Call, Caller
from api.http.limits import spend
from domain.errors import Kind, Refused

_BEARER: Final = re.compile(rb"bearer +([A-Za-z0-9._~+/=-]{1,4096}) *", re.IGNORECASE)


async def admit(call: Call) -> None:
    """Let the caller in. Raises Refused(UNAUTHENTICATED), then Refused(RATE_LIMITED)."""
    call.caller = authenticate(call)
    await spend(call, call.caller.user_id)


def authenticate(call: Call) -> Caller:
    """The holder of the call's access token. Raises Refused(UNAUTHENTICATED)."""
    given = call.headers.get(b"authorization")
    if given is None:
        raise Refused(Kind.UNAUTHENTICATED, "Send Authorization: Bearer <access token>.")
    match = _BEARER.fullmatch(given)
    if match is None:
        raise Refused(Kind.UNAUTHENTICATED, "The Authorization header is not a bearer token.")
    bearer = call.house.access_tokens.check(match[1].decode("ascii"))
    if bearer is None or bearer.session_id in call.house.revocations:
        raise Refused(Kind.UNAUTHENTICATED, "The access token is not valid, or no longer.")
    return Caller(bearer.user_id, bearer.session_id)
