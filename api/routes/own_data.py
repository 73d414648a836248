"""Everything that is kept of somebody, in one file, for them alone."""

from typing import Final

import msgspec
from fastapi import APIRouter

from api.http.call import CallHere
from api.http.describe import read
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.streamed import StreamedReply, attachment, require_alone
from api.routes.answers import SessionAnswer, encode
from api.routes.audit import record_reading
from api.routes.own_account import sessions_of
from api.routes.people import own_answer
from commands.security.record_own_read import RecordOwnRead
from domain.values.text import readable
from infra.exports.own_file import OwnEvent
from projections.profiles import OwnAnswer

# In so many workspaces' trails it is told at most.
_MOST_TRAILS: Final = 20

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Own account"])


class OwnKey(msgspec.Struct, frozen=True):
    """An API key that was not revoked; the key itself is kept nowhere."""

    key_id: str
    name: str | None
    scopes: tuple[str, ...]
    workspace_id: str | None


class AboutOneself(msgspec.Struct, frozen=True):
    profile: OwnAnswer
    sessions: list[SessionAnswer]
    api_keys: list[OwnKey]
    identities: list[str]


class OwnData(msgspec.Struct, frozen=True):
    """`events`: whatever the person did, wrote or is named in, in the log's order, up to
    `position`; what other people wrote is withheld."""

    about: AboutOneself
    position: int
    events: list[OwnEvent]


@router.get(
    "/users/me/export",
    summary="All that is kept of you, as one file",
    description="Read from the log itself, in every workspace in which you are, were or have "
    "written. Preferences, favourites, views and whatever else you have decided are among the "
    "events. That you asked is recorded before you are answered, in the trails of the workspaces "
    "that you are in.",
    **read(OwnData, has_path=False, is_view=False),
)
async def export_own_data(call: CallHere) -> Reply:
    require_alone(call)
    house, user_id = call.house, call.caller.user_id
    user, profile = await own_answer(call)
    about = {
        "profile": msgspec.Raw(profile),
        "sessions": await sessions_of(call),
        "api_keys": [
            OwnKey(key.key_id, readable(key.name), key.scopes, key.workspace_id)
            for key in user.keys.values()
        ],
        "identities": sorted(user.identities.values()),
    }
    head = await house.store.head()
    places = await house.eraser.places_of(user_id, head)
    present = await call.access.workspaces(user_id, head)
    read = RecordOwnRead(user_id=user_id, workspaces=present[:_MOST_TRAILS], upto=head)
    await record_reading(call, read)
    chunks = await house.own_files.of(user_id, encode(about), places)
    return StreamedReply(200, headers=[attachment("my-data.json")], chunks=chunks)
