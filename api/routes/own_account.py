"""How somebody logs in: passwords, addresses, sessions, and the second factor."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import own, public, read
from api.http.limits import spend_by_address
from api.http.paging import PageQuery, page_of_all, page_reply, place_in_time
from api.http.positions import position_headers
from api.http.problems import BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from api.http.reply import Reply, no_content
from api.http.route import DirectRoute
from api.http.values import Code, Email, NewPassword, Secret
from api.routes.answers import (
    Accepted,
    BegunSecondFactor,
    RecoveryCodes,
    SecondFactorState,
    SessionAnswer,
    SessionList,
    VerifiedEmail,
    encode,
)
from domain.errors import Kind, not_found
from domain.user.state import USER
from domain.values.text import readable
from infra.people.own_account import Owner
from infra.people.proofs import Proof

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Own account"])

_MAILED = (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Kind.VALIDATION_FAILED, Kind.RATE_LIMITED)
_USING = (*_MAILED, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.CONFLICT)

Token = Annotated[str, Field(max_length=200, description="From the mailed link, behind `token=`.")]


class Address(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org"}]})

    email: Email


class MailedToken(Body):
    token: Token


class PasswordReset(Body):
    token: Token
    password: NewPassword


class PasswordChange(Body):
    current_password: Secret
    new_password: NewPassword


class AddressChange(Body):
    email: Email
    password: Secret


class OwnPassword(Body):
    password: Secret


class Confirmation(Body):
    code: Code


class ProofOfSelf(Body):
    """One of them: the password, a one-time code or a recovery code."""

    password: Secret | None = None
    totp_code: Code | None = None
    recovery_code: Code | None = None


@router.post(
    "/auth/verify-email",
    summary="Verify an address by the mailed token",
    **public(VerifiedEmail, may=(*_USING, Kind.ALREADY_EXISTS), kept=True),
)
async def verify_email(call: CallHere, body: MailedToken) -> Reply:
    await spend_by_address(call)
    outcome = await call.house.by_mail.verify(body.token, call.origin)
    call.recorded = outcome.position
    user = outcome.state(USER)
    doc = encode(VerifiedEmail(user.user_id, readable(user.email), user.email_verified))
    return Reply(200, doc, position_headers(call, outcome.position))


@router.post(
    "/auth/verify-email/resend",
    summary="Mail another link to verify an address",
    description="The answer is the same whether the address has an account or not.",
    **public(Accepted, status=202, may=_MAILED, kept=True),
)
async def resend_verification(call: CallHere, body: Address) -> Reply:
    await spend_by_address(call)
    await call.house.by_mail.ask_to_verify(body.email, call.address)
    return _accepted()


@router.post(
    "/auth/email",
    summary="Change your e-mail address",
    description="It counts once it is verified by the link that is mailed to it.",
    **own(Accepted, status=202),
)
async def change_email(call: CallHere, body: AddressChange) -> Reply:
    await call.house.own_account.change_email(owner_of(call), body.email, body.password)
    return _accepted()


@router.post(
    "/auth/password/forgot",
    summary="Mail a link to choose a new password",
    description="The answer is the same whether the address has an account or not.",
    **public(Accepted, status=202, may=_MAILED, kept=True),
)
async def forgot_password(call: CallHere, body: Address) -> Reply:
    await spend_by_address(call)
    await call.house.by_mail.ask_for_reset(body.email, call.address)
    return _accepted()


@router.post(
    "/auth/password/reset",
    summary="Choose a new password by the mailed token",
    description="Every session of the account ends.",
    **public(None, status=204, may=_USING, kept=True),
)
async def reset_password(call: CallHere, body: PasswordReset) -> Reply:
    await spend_by_address(call)
    outcome = await call.house.by_mail.reset(body.token, body.password, call.address, call.origin)
    return no_content(position_headers(call, outcome.position))


@router.post(
    "/auth/password",
    summary="Change your password",
    description="Every other session of yours ends.",
    **own(None, status=204),
)
async def change_password(call: CallHere, body: PasswordChange) -> Reply:
    outcome = await call.house.own_account.change_password(
        owner_of(call), body.current_password, body.new_password
    )
    return no_content(position_headers(call, outcome.position))


@router.get(
    "/auth/sessions",
    summary="List your open sessions",
    **read(SessionList, is_list=True, has_path=False, is_view=False),
)
async def list_sessions(call: CallHere, query: Annotated[PageQuery, Query()]) -> Reply:
    rows = sorted(
        (place_in_time(each.last_used_at, each.id, newest_first=True), encode(each))
        for each in await sessions_of(call)
    )
    user = await call.access.newest(USER, call.caller.user_id)
    position = 0 if user is None else user.position
    listing = page_of_all(call.house.log_id, "sessions", rows, query.asked(), position)
    return page_reply(call, "sessions", listing, listing.docs)


async def sessions_of(call: Call) -> list[SessionAnswer]:
    """The caller's open sessions, the one used last first."""
    caller = call.caller
    return [
        SessionAnswer(
            id=each.session_id,
            session_id=each.session_id,
            method="sign-on" if each.method == "sign-on" else "password",
            started_at=each.started_at,
            last_used_at=each.last_used_at,
            expires_at=each.expires_at,
            user_agent=each.client.user_agent,
            address=each.client.address,
            is_current=each.session_id == caller.session_id,
        )
        for each in await call.house.sessions.of(caller.user_id)
    ]


@router.delete(
    "/auth/sessions/{session_id}",
    summary="End one of your sessions",
    **own(None, status=204, has_body=False, has_path=True),
)
async def end_session(call: CallHere, session_id: str) -> Reply:
    if not await call.house.sessions.end_one(call.caller.user_id, session_id):
        raise not_found("session")
    call.house.revocations.add(session_id)
    return no_content()


@router.get(
    "/auth/totp",
    summary="Whether you have a second factor",
    **read(SecondFactorState, has_path=False, is_view=False),
)
async def second_factor(call: CallHere) -> Reply:
    factors, user_id = call.house.second_factors, call.caller.user_id
    enabled = await factors.is_on(user_id)
    left = await factors.recovery_codes_left(user_id) if enabled else 0
    return Reply(200, encode(SecondFactorState(enabled, left)))


@router.post(
    "/auth/totp",
    summary="Begin to set up a second factor",
    description="The secret goes into an authenticator app, and counts once a code of it is "
    "confirmed.",
    **own(BegunSecondFactor, may=(Kind.ALREADY_EXISTS,)),
)
async def begin_second_factor(call: CallHere, body: OwnPassword) -> Reply:
    begun = await call.house.own_account.begin_second_factor(owner_of(call), body.password)
    told = encode(BegunSecondFactor(begun.secret, begun.uri))
    return Reply(200, told, kept=encode(BegunSecondFactor(None, None)))


@router.post(
    "/auth/totp/confirm",
    summary="Confirm the second factor by its first code",
    description="The recovery codes of the answer are shown this once only.",
    **own(RecoveryCodes),
)
async def confirm_second_factor(call: CallHere, body: Confirmation) -> Reply:
    codes = await call.house.own_account.confirm_second_factor(owner_of(call), body.code)
    return Reply(200, encode(RecoveryCodes(codes)), kept=encode(RecoveryCodes(None)))


@router.post(
    "/auth/totp/recovery-codes",
    summary="Make new recovery codes",
    description="Those of before are good for nothing any more.",
    **own(RecoveryCodes),
)
async def renew_recovery_codes(call: CallHere, body: ProofOfSelf) -> Reply:
    codes = await call.house.own_account.renew_recovery_codes(owner_of(call), proof_of(body))
    return Reply(200, encode(RecoveryCodes(codes)), kept=encode(RecoveryCodes(None)))


@router.delete(
    "/auth/totp",
    summary="Remove the second factor",
    **own(None, status=204),
)
async def remove_second_factor(call: CallHere, body: ProofOfSelf) -> Reply:
    outcome = await call.house.own_account.remove_second_factor(owner_of(call), proof_of(body))
    return no_content(position_headers(call, outcome.position))


def owner_of(call: Call) -> Owner:
    """Who asks about their own account, in which session."""
    return Owner(call.caller.user_id, call.caller.session_id, call.address, call.origin())


def proof_of(body: ProofOfSelf) -> Proof:
    """By what they prove it."""
    return Proof(password=body.password, totp_code=body.totp_code, recovery_code=body.recovery_code)


def _accepted() -> Reply:
    return Reply(202, encode(Accepted(accepted=True)))
