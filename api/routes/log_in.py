"""Logging in and out, and going on with a session."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from msgspec import Raw
from pydantic import Field

from api.http.bodies import Body, parse_body, read_body
from api.http.call import Call, CallHere
from api.http.describe import public, write
from api.http.limits import spend_by_address
from api.http.reply import Reply, no_content
from api.http.route import DirectRoute
from api.http.values import MAX_CODE, Code
from api.routes.answers import Tokens, encode
from api.routes.people import BODY_PROBLEMS, known, own_doc
from domain.errors import Kind, Refused, invalid
from infra.people.proofs import Proof
from infra.people.sessions import Ended, Session

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["People"])

_LOG_IN_PROBLEMS = (
    *BODY_PROBLEMS,
    Kind.UNAUTHENTICATED,
    Kind.SECOND_FACTOR_REQUIRED,
    Kind.EMAIL_NOT_VERIFIED,
)
_OAUTH2 = frozenset({"grant_type", "scope", "client_id", "client_secret"})
_FORM = b"application/x-www-form-urlencoded"


class LogIn(Body):
    """One of the codes, where the account has a second factor."""

    username: Annotated[str, Field(max_length=300, description="Username or e-mail address.")]
    password: Annotated[str, Field(max_length=1_000)]
    totp_code: Code | None = None
    recovery_code: Code | None = None


class Refresh(Body):
    refresh_token: Annotated[str, Field(max_length=500)]


_LOG_IN_FIELDS: dict[str, Any] = {
    "username": {"type": "string", "maxLength": 300},
    "password": {"type": "string", "maxLength": 1_000},
    "totp_code": {"type": "string", "maxLength": MAX_CODE},
    "recovery_code": {"type": "string", "maxLength": MAX_CODE},
}
_LOG_IN_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["username", "password"],
                "properties": {
                    **_LOG_IN_FIELDS,
                    "totp_code": {"type": ["string", "null"], "maxLength": MAX_CODE},
                    "recovery_code": {"type": ["string", "null"], "maxLength": MAX_CODE},
                },
                "additionalProperties": False,
            }
        },
        _FORM.decode(): {
            "schema": {
                "type": "object",
                "required": ["username", "password"],
                "properties": {
                    **_LOG_IN_FIELDS,
                    **{name: {"type": "string"} for name in sorted(_OAUTH2)},
                },
            }
        },
    },
}


@router.post(
    "/auth/login",
    summary="Log in",
    **public(Tokens, may=_LOG_IN_PROBLEMS, requestBody=_LOG_IN_BODY),
)
async def log_in(call: CallHere) -> Reply:
    return await _log_in(call)


@router.post(
    "/users/login",
    summary="Log in, at another place",
    **public(Tokens, may=_LOG_IN_PROBLEMS, requestBody=_LOG_IN_BODY),
)
async def log_in_as_user(call: CallHere) -> Reply:
    return await _log_in(call)


async def _log_in(call: Call) -> Reply:
    await spend_by_address(call)
    body = await _log_in_body(call)
    proof = Proof(
        password=body.password, totp_code=body.totp_code, recovery_code=body.recovery_code
    )
    session = await call.house.accounts.log_in(body.username, proof, call.address, user_agent(call))
    return await tokens_of(call, session)


def user_agent(call: Call) -> str | None:
    given = call.headers.get(b"user-agent")
    return None if given is None else given.decode("latin-1")


async def _log_in_body(call: Call) -> LogIn:
    """JSON, or the form of OAuth 2.0's password grant (RFC 6749, 4.3.2)."""
    media = call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != _FORM:
        return await read_body(call, LogIn)
    try:
        pairs = parse_qsl(
            (await call.body()).decode("utf-8"), keep_blank_values=True, errors="strict"
        )
    except (UnicodeDecodeError, ValueError):
        raise invalid("", "The form is not UTF-8.", "malformed") from None
    return parse_body(LogIn, {name: value for name, value in pairs if name not in _OAUTH2})


@router.post(
    "/auth/refresh",
    summary="Exchange a refresh token for the next one",
    **public(Tokens, may=(*BODY_PROBLEMS, Kind.UNAUTHENTICATED)),
)
async def refresh(call: CallHere, body: Refresh) -> Reply:
    await spend_by_address(call)
    session = await call.house.sessions.carry_on(body.refresh_token)
    if isinstance(session, Ended):
        call.house.revocations.add(session.session_id)
    if not isinstance(session, Session):
        raise Refused(Kind.UNAUTHENTICATED, "The refresh token is not good any more; log in.")
    return await tokens_of(call, session)


@router.post(
    "/auth/logout",
    summary="Log out",
    **write(None, status=204, has_body=False, has_path=False),
)
async def log_out(call: CallHere) -> Reply:
    session_id = call.caller.session_id
    await call.house.sessions.end(session_id)
    call.house.revocations.add(session_id)
    return no_content()


@router.post(
    "/auth/logout-all",
    summary="Log out everywhere",
    **write(None, status=204, has_body=False, has_path=False),
)
async def log_out_everywhere(call: CallHere) -> Reply:
    for session_id in await call.house.sessions.end_all(call.caller.user_id):
        call.house.revocations.add(session_id)
    return no_content()


async def tokens_of(call: Call, session: Session) -> Reply:
    """The answer to a log-in, however it was done."""
    tokens = call.house.access_tokens
    user = await known(call, session.user_id)
    doc = encode(
        {
            "access_token": tokens.issue(session.user_id, session.session_id),
            "token_type": "bearer",
            "expires_in": int(tokens.lifetime.total_seconds()),
            "refresh_token": session.refresh_token,
            "user": Raw(await own_doc(call, user)),
        }
    )
    return Reply(200, doc)
