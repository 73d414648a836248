"""API keys of one's own, and service accounts of a workspace with theirs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from msgspec import UNSET
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_of_all, page_reply, place_in_time
from api.http.past import place_of
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Name, Reference
from api.http.visible import visible_workspace, workspace_with_right
from api.routes.answers import ApiKeyAnswer, ApiKeyList, ServiceAccountList, encode
from commands.execution import Outcome
from commands.user.make_api_key import MakeApiKey
from commands.user.revoke_api_key import RevokeApiKey
from commands.workspace.create_service_account import CreateServiceAccount
from commands.workspace.service_keys import MakeServiceKey, RevokeServiceKey
from domain.errors import Kind, not_found
from domain.user.keys import ApiKey
from domain.user.state import USER, User
from domain.values.text import readable
from domain.workspace.decisions import services_in
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from infra.people.api_keys import KeyGrant, fresh_key
from projections.workspace_members import MemberAnswer, render_member

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["API keys"])

Scope = Literal[
    "tasks:read", "tasks:write", "projects:read", "projects:write", "audit:read", "admin"
]


class NewServiceKey(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Build server", "scopes": ["tasks:write"]}]}
    )

    name: Name
    scopes: Annotated[list[Scope], Field(max_length=100)]
    expires_at: Annotated[str, Field(max_length=50, description="RFC 3339.")] | None = None


class NewApiKey(NewServiceKey):
    workspace_id: (
        Annotated[Reference, Field(description="With the key nothing of another is seen.")] | None
    ) = None


class NewServiceAccount(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Build server", "role": "member"}]}
    )

    name: Name
    role: Literal["admin", "member", "guest", "auditor"] = "member"


@router.post(
    "/api-keys",
    summary="Make a key for a program of yours",
    description="The key itself is in this answer alone, and not in one to a repeated request.",
    **write(ApiKeyAnswer, status=201, has_path=False),
)
async def make_api_key(call: CallHere, body: NewApiKey) -> Reply:
    command = MakeApiKey(
        user_id=call.caller.user_id,
        key_id=new_id("key"),
        name=body.name,
        scopes=tuple(body.scopes),
        expires_at=body.expires_at,
        workspace_id=body.workspace_id,
    )
    outcome = await execute(call, [command], body=body)
    return await _made(call, outcome, "/api/v1/api-keys")


@router.get(
    "/api-keys",
    summary="List your keys",
    **read(ApiKeyList, is_list=True, has_path=False, is_view=False),
)
async def list_api_keys(call: CallHere, query: Annotated[PageQuery, Query()]) -> Reply:
    user = await call.access.newest(USER, call.caller.user_id)
    return await _listed(call, user, query)


@router.delete(
    "/api-keys/{key_id}",
    summary="Revoke a key",
    **write(None, status=204, has_body=False),
)
async def revoke_api_key(call: CallHere, key_id: str) -> Reply:
    user_id = call.caller.user_id
    await _revoke(call, key_id, user_id)
    return await done(call, RevokeApiKey(user_id=user_id, key_id=key_id))


@router.post(
    "/workspaces/{workspace_id}/service-accounts",
    summary="Make an account for a program of the workspace",
    **write(MemberAnswer, status=201),
)
async def create_service_account(
    call: CallHere, workspace_id: str, body: NewServiceAccount
) -> Reply:
    command = CreateServiceAccount(
        workspace_id=workspace_id, user_id=new_id("user"), name=body.name, role=body.role
    )
    outcome = await execute(call, [command], body=body, match=workspace_id)
    workspace = outcome.state(WORKSPACE)
    # The last one made: also where it was made by the first of two equal requests.
    user_id = services_in(workspace)[-1]
    doc = await with_names(call, render_member(user_id, workspace.members[user_id], ()))
    return changed(call, outcome, doc, workspace.version, status=201)


@router.get(
    "/workspaces/{workspace_id}/service-accounts",
    summary="List a workspace's service accounts",
    **read(ServiceAccountList, is_list=True, is_view=False),
)
async def list_service_accounts(
    call: CallHere, workspace_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    workspace = await visible_workspace(call, workspace_id)
    rows = sorted(
        (
            place_of(workspace.members[each], each),
            render_member(each, workspace.members[each], workspace.teams_of(each)),
        )
        for each in services_in(workspace)
    )
    log_id, asked = call.house.log_id, query.asked()
    listing = page_of_all(log_id, "service-accounts", rows, asked, workspace.position)
    return page_reply(call, "service_accounts", listing, await with_names(call, listing.docs))


@router.post(
    "/workspaces/{workspace_id}/service-accounts/{user_id}/keys",
    summary="Make a key for a service account",
    description="The key itself is in this answer alone, and not in one to a repeated request.",
    **write(ApiKeyAnswer, status=201),
)
async def make_service_key(
    call: CallHere, workspace_id: str, user_id: str, body: NewServiceKey
) -> Reply:
    command = MakeServiceKey(
        workspace_id=workspace_id,
        user_id=user_id,
        key_id=new_id("key"),
        name=body.name,
        scopes=tuple(body.scopes),
        expires_at=body.expires_at,
    )
    outcome = await execute(call, [command], body=body)
    path = f"/api/v1/workspaces/{workspace_id}/service-accounts/{user_id}/keys"
    return await _made(call, outcome, path)


@router.get(
    "/workspaces/{workspace_id}/service-accounts/{user_id}/keys",
    summary="List a service account's keys",
    **read(ApiKeyList, is_list=True, is_view=False, may=(Kind.FORBIDDEN,)),
)
async def list_service_keys(
    call: CallHere, workspace_id: str, user_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    await _require_service(call, workspace_id, user_id)
    return await _listed(call, await call.access.newest(USER, user_id), query)


@router.delete(
    "/workspaces/{workspace_id}/service-accounts/{user_id}/keys/{key_id}",
    summary="Revoke a service account's key",
    **write(None, status=204, has_body=False),
)
async def revoke_service_key(call: CallHere, workspace_id: str, user_id: str, key_id: str) -> Reply:
    await _require_service(call, workspace_id, user_id)
    await _revoke(call, key_id, user_id)
    command = RevokeServiceKey(workspace_id=workspace_id, user_id=user_id, key_id=key_id)
    return await done(call, command)


async def _made(call: Call, outcome: Outcome, path: str) -> Reply:
    """A new key. It is good once its event is in the log; a repeated request is not told it."""
    user = outcome.state(USER)
    key = list(user.keys.values())[-1]
    secret = None
    if not outcome.replayed:
        secret = fresh_key()
        await call.house.api_keys.keep(
            secret,
            KeyGrant(
                key_id=key.key_id,
                user_id=user.user_id,
                scopes=frozenset(key.scopes),
                workspace_id=key.workspace_id,
                expires_at=key.expires_at,
            ),
        )
    doc = encode(_answer(key, {}, secret))
    location = f"{path}/{key.key_id}"
    return changed(call, outcome, doc, user.version, status=201, location=location)


async def _listed(call: Call, user: User | None, query: PageQuery) -> Reply:
    keys = () if user is None else tuple(user.keys.values())
    used = await call.house.api_keys.last_used(each.key_id for each in keys)
    rows = sorted(
        (place_in_time(each.created_at, each.key_id), encode(_answer(each, used))) for each in keys
    )
    position = 0 if user is None else user.position
    listing = page_of_all(call.house.log_id, "api-keys", rows, query.asked(), position)
    return page_reply(call, "api_keys", listing, listing.docs)


def _answer(key: ApiKey, used: Mapping[str, datetime], secret: str | None = None) -> ApiKeyAnswer:
    return ApiKeyAnswer(
        id=key.key_id,
        key_id=key.key_id,
        key=UNSET if secret is None else secret,
        name=readable(key.name),
        scopes=list(key.scopes),
        workspace_id=key.workspace_id,
        expires_at=key.expires_at,
        created_at=key.created_at,
        created_by=key.created_by,
        last_used_at=used.get(key.key_id),
    )


async def _require_service(call: Call, workspace_id: str, user_id: str) -> None:
    """Raises Refused where the caller may not manage keys of this service account."""
    workspace = await workspace_with_right(call, workspace_id, Right.MANAGE_MEMBERS)
    if user_id not in services_in(workspace):
        raise not_found("service account")


async def _revoke(call: Call, key_id: str, user_id: str) -> None:
    """Before its event: what fails in between leaves a key that opens nothing and is asked about
    again, never one that still opens and is gone from the list."""
    if await call.house.api_keys.revoke(key_id, user_id):
        call.house.revocations.add(key_id)
