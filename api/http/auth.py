"""Who calls: an access token or an API key, checked in memory, and that caller's budget."""

import re
from typing import Final

from api.http.call import Call, Caller
from api.http.limits import spend, spend_by_address
from api.http.scopes import ANY
from domain.errors import Kind, Refused
from domain.user.keys import ADMIN
from infra.people.api_keys import is_key

# The scheme's case is ignored, and that of nothing else: a long token would be folded letter by
# letter.
_BEARER: Final = re.compile(rb"(?i:bearer) +([A-Za-z0-9._~+/=-]{1,4096}) *")


async def admit(call: Call, scope: str | None) -> None:
    """Let the caller in; an API key only where it is for `scope`, and none where that is None.

    Raises Refused(UNAUTHENTICATED), then Refused(RATE_LIMITED), then Refused(FORBIDDEN).
    """
    token = _token(call)
    if is_key(token):
        await _admit_key(call, token, scope)
        return
    bearer = call.house.access_tokens.check(token)
    if bearer is None or bearer.session_id in call.house.revocations:
        raise Refused(Kind.UNAUTHENTICATED, "The access token is not valid, or no longer.")
    call.caller = Caller(bearer.user_id, bearer.session_id)
    await spend(call, bearer.user_id)


async def _admit_key(call: Call, key: str, scope: str | None) -> None:
    house = call.house
    grant = house.api_keys.known(key)
    # Who was suspended and is back again is still among the revoked: then the database knows.
    if grant is None or grant.key_id in house.revocations:
        grant = await house.api_keys.find(key)
    if grant is None or (grant.expires_at is not None and grant.expires_at <= house.clock()):
        await spend_by_address(call)  # who guesses shall not ask for ever
        raise Refused(Kind.UNAUTHENTICATED, "The API key is not valid, or no longer.")
    call.caller = Caller(grant.user_id, grant.key_id, grant)
    house.security.key_used(grant, call.address)
    await spend(call, grant.user_id, grant.key_id)
    if scope is None:
        raise Refused(Kind.FORBIDDEN, "This is not for API keys; log in instead.")
    if scope != ANY and not grant.scopes & {scope, ADMIN}:
        raise Refused(Kind.FORBIDDEN, f"The API key is not for this; it takes the scope {scope}.")


def _token(call: Call) -> str:
    """What the call brings. Raises Refused(UNAUTHENTICATED)."""
    given = call.headers.get(b"authorization")
    if given is None:
        raise Refused(Kind.UNAUTHENTICATED, "Send Authorization: Bearer <access token or API key>.")
    match = _BEARER.fullmatch(given)
    if match is None:
        raise Refused(Kind.UNAUTHENTICATED, "The Authorization header is not a bearer token.")
    return match[1].decode("ascii")
