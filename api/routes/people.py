"""Accounts and who somebody is: registering, and profiles."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from msgspec import UNSET
from pydantic import ConfigDict, Field

from api.http import references
from api.http.absence import if_seen
from api.http.bodies import Body, require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import LOCATION_HEADER, ONCE, public, read, write
from api.http.execute import changed, changed_headers, execute
from api.http.limits import spend_by_address
from api.http.once import once
from api.http.positions import position_headers
from api.http.problems import BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from api.http.queries import ReadQuery
from api.http.reads import whole
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Email, Name, NewPassword, Reference
from api.routes.answers import Registered, encode
from commands.user.edit_profile import EditProfile
from domain.errors import Kind, Refused, not_found
from domain.user.state import USER, User
from domain.values.ids import is_id
from domain.values.text import readable, shown
from infra.people.accounts import Registration
from infra.people.invitations import no_invitation
from projections.members import MEMBERS_VIEW
from projections.profiles import OwnAnswer, ProfileAnswer, render_own, render_profile

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["People"])

BODY_PROBLEMS = (
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    Kind.VALIDATION_FAILED,
    Kind.RATE_LIMITED,
)


_INSTEAD = {"email": "An address is changed by POST /auth/email."}


class NewUser(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"username": "ada", "email": "ada@example.org", "password": "correct horse battery"}
            ]
        }
    )

    secret: ClassVar[frozenset[str]] = frozenset({"password", "invitation_token"})

    username: Annotated[str, Field(json_schema_extra={"minLength": 3, "maxLength": 40})]
    email: Email
    password: NewPassword
    name: Name | None = None
    time_zone: Annotated[str, Field(examples=["Europe/Berlin"])] | None = None
    locale: Annotated[str, Field(examples=["en"])] | None = None
    invitation_token: (
        Annotated[
            str, Field(max_length=200, description="Of an invitation that went to this address.")
        ]
        | None
    ) = None


class ProfileChanges(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Ada", "time_zone": "Europe/Berlin"}]}
    )

    derived: ClassVar[frozenset[str]] = frozenset(
        {
            "default_workspace_id",
            "email_verified",
            "has_second_factor",
            "is_service_account",
            "workspaces",
        }
    )
    identity: ClassVar[frozenset[str]] = frozenset(
        {"avatar_url", "id", "user_id", "username", "email", "created_at"}
    )

    name: Name = ""
    time_zone: Reference = ""
    locale: Reference = ""


@router.post(
    "/users",
    summary="Make an account",
    **public(
        Registered,
        status=201,
        may=(
            *BODY_PROBLEMS,
            Kind.ALREADY_EXISTS,
            Kind.CONFLICT,
            Kind.IDEMPOTENCY_KEY_REUSED,
            Kind.IDEMPOTENCY_IN_PROGRESS,
        ),
        headers=LOCATION_HEADER,
        parameters=(ONCE,),
    ),
)
async def register(call: CallHere, body: NewUser) -> Reply:
    await spend_by_address(call)
    given = once(call, body)
    verified, invitation = False, None
    if body.invitation_token is not None:
        invitations = call.house.invitations
        verified, invitation = await invitations.registering(body.invitation_token, body.email)
    try:
        outcome = await call.house.accounts.register(
            Registration(
                username=body.username,
                email=body.email,
                password=body.password,
                name=body.name,
                time_zone=body.time_zone or "UTC",
                locale=body.locale or "en",
                email_verified=verified,
                invitation=invitation,
            ),
            call.origin,
            idempotency_key=None if given is None else given.key,
            digest=None if given is None else given.digest,
        )
    except Refused as refused:
        if refused.kind is Kind.NOT_FOUND:  # only an invitation can be missing here
            raise no_invitation("/invitation_token") from None
        raise
    user = outcome.state(USER)
    doc = encode(
        Registered(
            id=user.user_id,
            user_id=user.user_id,
            username=shown(user.username),
            email=shown(user.email),
            name=shown(user.name),
            default_workspace_id=user.default_workspace_id or "",
            created_at=user.created_at,
        )
    )
    location = (b"location", f"/api/v1/users/{user.user_id}".encode())
    return Reply(201, doc, [location, *changed_headers(call, outcome)])


@router.get("/users/me", summary="Who you are", **read(OwnAnswer, is_one=True, has_path=False))
async def get_myself(call: CallHere, query: Annotated[ReadQuery, Query()]) -> Reply:
    house, user_id = call.house, call.caller.user_id
    position = call.position
    if position is not None:
        await house.waiter.reached(MEMBERS_VIEW, position)
    read_now = await if_seen(house.members.person(user_id))
    # An answer within some of one's workspaces leaves the others out.
    is_all = call.within is None
    if is_all and read_now is not None and read_now.fresh and read_now.own is not None:
        return whole(call, bytes(read_now.own), read_now.version, read_now.position)
    user = await known(call, user_id)
    return whole(call, await own_doc(call, user), user.version, user.position)


@router.patch(
    "/users/me",
    summary="Change your name, time zone or language",
    **write(OwnAnswer, conditional=True, has_path=False),
)
async def change_myself(call: CallHere, body: ProfileChanges) -> Reply:
    user_id = call.caller.user_id
    if body.sent_back:
        _require_same_identity(body, await known(call, user_id))
    command = EditProfile(
        user_id=user_id,
        name=body.name if body.gives("name") else UNSET,
        time_zone=body.time_zone if body.gives("time_zone") else UNSET,
        locale=body.locale if body.gives("locale") else UNSET,
    )
    outcome = await execute(call, [command], body=body, match=user_id)
    user = outcome.state(USER)
    return changed(call, outcome, await own_doc(call, user), user.version)


@router.get(
    "/users/{user_id}",
    summary="Who somebody is that you share a workspace with",
    **read(ProfileAnswer),
)
async def get_user(call: CallHere, user_id: str, query: Annotated[ReadQuery, Query()]) -> Reply:
    house = call.house
    position = call.position
    if position is not None:
        await house.waiter.reached(MEMBERS_VIEW, position)
    if user_id != call.caller.user_id and not await shared_workspaces(call, user_id):
        raise not_found("user")
    read_now = await house.members.person(user_id)
    if read_now is not None and read_now.fresh and read_now.doc is not None:
        return Reply(200, bytes(read_now.doc), position_headers(call, read_now.position))
    user = await known(call, user_id)
    return Reply(200, render_profile(user), position_headers(call, user.position))


async def shared_workspaces(call: Call, user_id: str) -> tuple[str, ...]:
    """The workspaces that both the caller and somebody else are in now."""
    if not is_id(user_id, "user"):
        return ()
    found = await _shared(call, user_id, call.position)
    if not found and user_id != call.caller.user_id:
        # Who was let in just now is known to the log before it is to the view.
        head = await references.let_views_catch_up(call, MEMBERS_VIEW)
        found = await _shared(call, user_id, head) if head is not None else found
    return found


async def _shared(call: Call, user_id: str, position: int | None) -> tuple[str, ...]:
    """The same as of `position` at least."""
    access, caller = call.access, call.caller.user_id
    theirs = frozenset(await access.workspaces(user_id, position))
    shared = []
    for workspace_id in await access.workspaces(caller, position):
        if workspace_id in theirs:
            members = await access.of(workspace_id, await access.guard(workspace_id))
            if members.role(caller) is not None and members.role(user_id) is not None:
                shared.append(workspace_id)
    return tuple(shared)


async def known(call: Call, user_id: str) -> User:
    """As the log has them now. Raises Refused(NOT_FOUND)."""
    user = await call.access.newest(USER, user_id)
    if user is None:
        raise not_found("user")
    return user


async def own_answer(call: Call) -> tuple[User, bytes]:
    """The caller, and how they see themselves, as the log has them."""
    user = await known(call, call.caller.user_id)
    return user, await own_doc(call, user)


async def own_doc(call: Call, user: User) -> bytes:
    """A person as they see themselves, as the log has them."""
    roles = await if_seen(call.access.roles(user.user_id))
    if not roles and user.default_workspace_id is not None and call.within is None:
        roles = {user.default_workspace_id: "owner"}
    standing = await if_seen(call.house.members.person(user.user_id))
    return render_own(user, roles or {}, {} if standing is None else standing.team_ids)


def _require_same_identity(body: ProfileChanges, user: User) -> None:
    present = {
        "id": user.user_id,
        "user_id": user.user_id,
        "username": readable(user.username),
        "email": readable(user.email),
        "avatar_url": None,
        "created_at": user.created_at,
    }
    require_unchanged(body.sent_back, present, _INSTEAD)
