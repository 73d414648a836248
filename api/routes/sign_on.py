"""Single sign-on: to the provider and back, tokens for who came back, and linked identities."""

import re
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.cookies import drop_sign_on_cookie, set_sign_on_cookie, sign_on_cookie
from api.http.describe import LOCATION_HEADER, own, public, read
from api.http.limits import spend_by_address
from api.http.paging import PageQuery, page_of_all, page_reply, place_in_time
from api.http.positions import position_headers
from api.http.problems import BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from api.http.queries import Query as QueryString
from api.http.reply import Reply, header, no_content
from api.http.route import DirectRoute
from api.http.values import Code
from api.routes.answers import (
    IdentityAnswer,
    IdentityList,
    ProviderAnswer,
    ProviderList,
    Tokens,
    encode,
)
from api.routes.log_in import tokens_of, user_agent
from api.routes.own_account import ProofOfSelf, owner_of, proof_of
from domain.errors import Kind, Refused, invalid
from domain.user.state import USER
from infra.people.flows import COOKIE_GOOD_FOR_S, Asking, CameBack
from infra.people.proofs import Proof

if TYPE_CHECKING:
    from infra.people.sign_on import SignOn

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Single sign-on"])

_PAGE: Final = "/account/sign-on"
_LOGIN: Final = "/api/v1/auth/oidc/login"
_PROBLEMS: Final = (
    Kind.NOT_FOUND,
    Kind.VALIDATION_FAILED,
    Kind.RATE_LIMITED,
    Kind.DEPENDENCY_DOWN,
)
# Browsers take a second slash, or a backslash, for the beginning of another host's address, and
# leave out spaces and controls before they look.
_PATH: Final = r'/(?![/\\])[!"$-\[\]-~]{0,1999}'
_RETURN_TO: Final = re.compile(rf"(https?://[A-Za-z0-9.:\[\]-]{{1,255}})?({_PATH})?", re.ASCII)

SignOnCode = Annotated[
    str, Field(max_length=200, description="What the browser came back with, behind `code=`.")
]


class BeginQuery(QueryString):
    return_to: Annotated[
        str | None,
        Field(
            max_length=2_300,
            description="Where the browser goes on afterwards: a path here, or an address of one "
            "of `TASKLEDGER_CORS_ORIGINS`. Without one, a page of ours.",
        ),
    ] = None


class CameBackQuery(QueryString):
    """Providers add parameters of their own."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str | None, Field(max_length=4_096)] = None
    state: Annotated[str | None, Field(max_length=200)] = None
    iss: Annotated[str | None, Field(max_length=2_000)] = None
    error: Annotated[str | None, Field(max_length=200)] = None


class SignOnLogIn(Body):
    """One of the codes, where the account has a second factor."""

    code: SignOnCode
    totp_code: Code | None = None
    recovery_code: Code | None = None


class NewIdentity(ProofOfSelf):
    code: SignOnCode


@router.get(
    "/auth/oidc",
    summary="Where people sign on",
    description="Empty where there is no single sign-on.",
    **public(ProviderList),
)
async def list_providers(call: CallHere) -> Reply:
    found = call.house.sign_on
    providers = [] if found is None else [_provider(found)]
    return Reply(200, encode(ProviderList(providers)))


@router.get(
    "/auth/oidc/login",
    summary="Send a browser to the provider",
    description="A page leads here by an ordinary link. The browser comes back by the callback.",
    **public(None, status=303, may=_PROBLEMS, headers=LOCATION_HEADER),
)
async def begin_sign_on(call: CallHere, query: Annotated[BeginQuery, Query()]) -> Reply:
    await spend_by_address(call)
    sign_on = _sign_on(call)
    address, cookie = await sign_on.begin(_return_to(call, query.return_to))
    set_cookie = set_sign_on_cookie(call, cookie, COOKIE_GOOD_FOR_S)
    return Reply(303, b"", [header("location", address), set_cookie], None)


@router.get(
    "/auth/oidc/callback",
    summary="Where the provider sends a browser back to",
    description="The browser goes on to `return_to`, with `#code=` behind it, by which a page has "
    "tokens of `POST /auth/oidc/token`, or links the identity by `POST /auth/identities`.",
    **public(
        None,
        status=303,
        may=(*_PROBLEMS, Kind.UNAUTHENTICATED, Kind.FORBIDDEN),
        headers=LOCATION_HEADER,
    ),
)
async def come_back(call: CallHere, query: Annotated[CameBackQuery, Query()]) -> Reply:
    await spend_by_address(call)
    said = CameBack(code=query.code, state=query.state, issuer=query.iss, error=query.error)
    return_to, code = await _sign_on(call).come_back(sign_on_cookie(call), said)
    # Behind a #, which no browser sends on: no log of a server ever has the code.
    return Reply(303, b"", [header("location", f"{return_to}#code={code}")], None)


@router.post(
    "/auth/oidc/token",
    summary="Log in as whoever signed on",
    description="By the code, and the cookie of the browser that signed on. Who has no account "
    "yet gets one. Where it is refused, the code stays good, and can be sent again with what was "
    "missing.",
    **public(
        Tokens,
        may=(
            *_PROBLEMS,
            BODY_TOO_LARGE,
            UNSUPPORTED_MEDIA_TYPE,
            Kind.UNAUTHENTICATED,
            Kind.SECOND_FACTOR_REQUIRED,
            Kind.EMAIL_NOT_VERIFIED,
            Kind.FORBIDDEN,
            Kind.CONFLICT,
        ),
    ),
)
async def log_in_signed_on(call: CallHere, body: SignOnLogIn) -> Reply:
    await spend_by_address(call)
    proof = Proof(totp_code=body.totp_code, recovery_code=body.recovery_code)
    session = await _sign_on(call).log_in(_asking(call, body.code), proof, call.origin)
    reply = await tokens_of(call, session)
    reply.headers.append(drop_sign_on_cookie(call))
    return reply


@router.get(
    "/auth/identities",
    summary="List the identities that lead into your account",
    **read(IdentityList, is_list=True, has_path=False, is_view=False, may=(Kind.NOT_FOUND,)),
)
async def list_identities(call: CallHere, query: Annotated[PageQuery, Query()]) -> Reply:
    user_id = call.caller.user_id
    identities = [
        IdentityAnswer(
            id=each.identity_id,
            identity_id=each.identity_id,
            issuer=each.issuer,
            linked_at=each.linked_at,
            last_used_at=each.last_used_at,
        )
        for each in await _sign_on(call).linked(user_id)
    ]
    rows = sorted((place_in_time(each.linked_at, each.id), encode(each)) for each in identities)
    user = await call.access.newest(USER, user_id)
    position = 0 if user is None else user.position
    listing = page_of_all(call.house.log_id, "identities", rows, query.asked(), position)
    return page_reply(call, "identities", listing, listing.docs)


@router.post(
    "/auth/identities",
    summary="Link whoever signed on to your account",
    description="By the code of a sign-on in this browser, its cookie, and a proof of yourself. "
    "Your e-mail address has to be verified.",
    **own(
        None,
        status=204,
        may=(Kind.NOT_FOUND, Kind.ALREADY_EXISTS, Kind.EMAIL_NOT_VERIFIED),
    ),
)
async def link_identity(call: CallHere, body: NewIdentity) -> Reply:
    asking = _asking(call, body.code)
    outcome = await _sign_on(call).link(owner_of(call), asking, proof_of(body))
    return no_content([*position_headers(call, outcome.position), drop_sign_on_cookie(call)])


@router.delete(
    "/auth/identities/{identity_id}",
    summary="Unlink an identity from your account",
    description="Sessions that were begun by it end, but the one that asks. Who has no password "
    "chooses one first, by `POST /auth/password/forgot`.",
    **own(None, status=204, has_path=True),
)
async def unlink_identity(call: CallHere, identity_id: str, body: ProofOfSelf) -> Reply:
    outcome = await _sign_on(call).unlink(owner_of(call), identity_id, proof_of(body))
    return no_content(position_headers(call, outcome.position))


def _sign_on(call: Call) -> "SignOn":
    """Raises Refused(NOT_FOUND) where there is none."""
    found = call.house.sign_on
    if found is None:
        raise Refused(Kind.NOT_FOUND, "There is no single sign-on here; log in with a password.")
    return found


def _provider(sign_on: "SignOn") -> ProviderAnswer:
    return ProviderAnswer(sign_on.name, sign_on.provider.issuer, _LOGIN)


def _asking(call: Call, code: str) -> Asking:
    return Asking(
        cookie=sign_on_cookie(call),
        code=code,
        address=call.address,
        user_agent=user_agent(call),
    )


def _return_to(call: Call, wanted: str | None) -> str:
    """Raises Invalid for an address that is not ours, or of an origin that we let in."""
    if wanted is None:
        return _PAGE
    match = _RETURN_TO.fullmatch(wanted)
    if match is not None and wanted:
        origin = match[1]
        if origin is None or origin in call.house.settings.cors_origins:
            return wanted
    raise invalid(
        "/query/return_to",
        "Must be a path here, or an address of one of TASKLEDGER_CORS_ORIGINS, without a fragment.",
        "elsewhere",
    )
