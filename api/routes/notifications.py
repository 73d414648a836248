"""One's notifications: the list, what has been read, and which news one wants at all."""

import asyncio
from typing import Annotated, ClassVar

import msgspec
from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http.absence import if_there
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, changed_headers, done, execute
from api.http.names import with_names
from api.http.once import once
from api.http.paging import PageQuery, page_reply
from api.http.positions import MOST_POSITION, position_headers
from api.http.queries import AnyWorkspace, ReadQuery
from api.http.reads import Found, one
from api.http.reply import Reply, no_content
from api.http.route import DirectRoute
from api.http.values import Reference
from api.routes.answers import Page, encode
from commands.notifications.change_preferences import ChangePreferences
from commands.notifications.read_all_notifications import ReadAllNotifications
from commands.notifications.read_notification import ReadNotification
from commands.notifications.snooze_notification import SnoozeNotification
from domain.errors import invalid, not_found
from domain.preferences.state import (
    CHANNELS,
    PREFERENCES,
    TYPES,
    Preferences,
    preferences_of,
    wants,
)
from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.values.moment import moment
from infra.postgres.views.notification_queries import Marked, NotificationFilter, Unread
from projections.notifications import NOTIFICATIONS_VIEW
from projections.notifications.bundles import NotificationAnswer
from projections.notifications.telling import AUDITOR
from projections.questions import Listing, Scope

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Notifications"])


class Notification(NotificationAnswer, frozen=True):
    """A notification as its reader sees it."""

    is_read: bool
    snoozed_until: str | None


class NotificationPage(Page, kw_only=True):
    """`unread_count` is of all that the list could show, whatever it is asked for; where it is
    not exact, there are more than 10,000."""

    notifications: list[Notification]
    unread_count: int
    unread_count_is_exact: bool


class PreferencesAnswer(msgspec.Struct, frozen=True):
    """Which news go where: by type, by channel."""

    preferences: dict[str, dict[str, bool]]
    version: int


class NotificationQuery(PageQuery):
    unread: Annotated[bool, Field(description="Only what you have not read.")] = False
    snoozed: Annotated[bool, Field(description="What is out of sight now, and nothing else.")] = (
        False
    )
    type: Annotated[tuple[str, ...], Field(max_length=100, description="Any of these types.")] = ()
    workspace_id: AnyWorkspace = None


class ReadAll(Body):
    """`upto`: the `X-Log-Position` of the list that was seen; what came later stays unread. By
    default all that there is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"upto": 1234}]})

    may_be_left_out: ClassVar[bool] = True

    workspace_id: Reference | None = None
    upto: Annotated[int, Field(ge=0, le=MOST_POSITION)] | None = None


class Snooze(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2100-03-01T08:00:00Z"}]})

    until: Annotated[str, Field(description="RFC 3339 with an offset, to come.")]


class NewPreferences(Body):
    """What is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"preferences": {"task_commented": {"email": False}}}]}
    )

    derived: ClassVar[frozenset[str]] = frozenset({"version"})

    preferences: dict[str, dict[str, bool]]


@router.get(
    "/notifications",
    summary="List your notifications, the newest first",
    **read(NotificationPage, is_list=True, has_path=False),
)
async def list_notifications(call: CallHere, query: Annotated[NotificationQuery, Query()]) -> Reply:
    house, user_id, position = call.house, call.caller.user_id, call.position
    if not set(query.type) <= set(TYPES):
        detail = f"There is no such type of notification; there are {', '.join(TYPES)}."
        raise invalid("/query/type", detail, "unknown")
    asked = NotificationFilter(unread=query.unread, snoozed=query.snoozed, types=query.type)
    page, now = query.asked(), house.clock()

    async def ask(scope: Scope) -> tuple[Listing, Unread]:
        listing = house.waiter.at_least(
            NOTIFICATIONS_VIEW,
            position,
            lambda: house.notifications.list(scope, user_id, asked, now, page),
        )
        if position is not None:  # the count must not be older than the list
            return await listing, await house.notifications.unread(scope, user_id, now)
        return await asyncio.gather(listing, house.notifications.unread(scope, user_id, now))

    workspaces = await _workspaces(call, query.workspace_id)
    listing, unread = await call.access.within(user_id, workspaces, ask)
    beside = {"unread_count": unread.count, "unread_count_is_exact": unread.is_exact}
    docs = await with_names(call, listing.docs, position)
    return page_reply(call, "notifications", listing, docs, beside)


@router.post(
    "/notifications/{notification_id}/read",
    summary="Mark a notification as read",
    **write(None, status=204, has_body=False),
)
async def read_one(call: CallHere, notification_id: str) -> Reply:
    workspace_id, last = await _found(call, notification_id)
    command = ReadNotification(
        workspace_id=workspace_id, notification_id=notification_id, upto=last
    )
    return await done(call, command)


@router.post(
    "/notifications/read-all",
    summary="Mark all your notifications as read",
    **write(None, status=204, has_path=False),
)
async def read_all(call: CallHere, body: ReadAll) -> Reply:
    house, user_id = call.house, call.caller.user_id
    workspaces = await _workspaces(call, body.workspace_id)
    if body.workspace_id not in (None, *await call.access.workspaces(user_id, call.position)):
        raise invalid("/workspace_id", "There is no such workspace, or you may not see it.")
    unseen = await house.waiter.at_least(
        NOTIFICATIONS_VIEW,
        call.position,
        lambda: house.notifications.unseen(workspaces, user_id),
    )
    # Nobody has read what is not there yet.
    upto = unseen.position if body.upto is None else min(body.upto, unseen.position)
    # A key is kept wherever one is, so that what comes to others later is not read by a retry.
    places = unseen.workspace_ids if once(call, body) is None else workspaces
    outcomes = []
    for each in places:  # a commit is of one workspace
        command = ReadAllNotifications(
            workspace_id=each, upto=upto if each in unseen.workspace_ids else 0
        )
        outcome = await if_there(execute(call, [command], body=body))
        if outcome is not None:  # else they are out of it by now
            outcomes.append(outcome)
    if not outcomes:
        return no_content(position_headers(call, unseen.position))
    last = max(outcomes, key=lambda each: each.position)
    call.recorded = last.position
    return no_content(changed_headers(call, last))


@router.put(
    "/notifications/{notification_id}/snooze",
    summary="Put a notification out of sight for a while",
    **write(None, status=204),
)
async def snooze(call: CallHere, notification_id: str, body: Snooze) -> Reply:
    workspace_id, _ = await _found(call, notification_id)
    command = SnoozeNotification(
        workspace_id=workspace_id,
        notification_id=notification_id,
        until=moment(body.until, "/until"),
    )
    return await done(call, command, body=body)


@router.delete(
    "/notifications/{notification_id}/snooze",
    summary="Put a notification back into sight",
    **write(None, status=204, has_body=False),
)
async def unsnooze(call: CallHere, notification_id: str) -> Reply:
    workspace_id, _ = await _found(call, notification_id)
    command = SnoozeNotification(
        workspace_id=workspace_id, notification_id=notification_id, until=None
    )
    return await done(call, command)


@router.get(
    "/users/me/notification-preferences",
    summary="Which news reach you, and how",
    **read(PreferencesAnswer, is_one=True, has_path=False),
)
async def get_preferences(call: CallHere, query: Annotated[ReadQuery, Query()]) -> Reply:
    present = await _preferences(call)
    version = 0 if present is None else present.version
    position = 0 if present is None else present.position
    return await one(call, Found(_render(present), version, position, SYSTEM_WORKSPACE, ""))


@router.put(
    "/users/me/notification-preferences",
    summary="Choose which news reach you, and how",
    **write(PreferencesAnswer, conditional=True, has_path=False),
)
async def change_preferences(call: CallHere, body: NewPreferences) -> Reply:
    user_id = call.caller.user_id
    command = ChangePreferences(user_id=user_id, preferences=body.preferences)
    outcome = await execute(call, [command], body=body, match=preferences_of(user_id))
    present = await _preferences(call)
    return changed(call, outcome, _render(present), 0 if present is None else present.version)


async def _workspaces(call: Call, workspace_id: str | None) -> tuple[str, ...]:
    """Those in which the caller may have news; of one that they are not in, as of one that is not
    there, nothing comes."""
    roles = await call.access.roles(call.caller.user_id, call.position)
    wanted = roles.items() if workspace_id is None else [(workspace_id, roles.get(workspace_id))]
    return tuple(each for each, role in wanted if role not in (None, AUDITOR))


async def _found(call: Call, notification_id: str) -> tuple[str, int]:
    """The workspace of one of the caller's notifications, and the position of the last change in
    it. Raises Refused(NOT_FOUND)."""
    house, user_id = call.house, call.caller.user_id
    if not is_id(notification_id, "ntf"):
        raise not_found("notification")

    async def ask(scope: Scope) -> Marked:
        return await house.waiter.at_least(
            NOTIFICATIONS_VIEW,
            call.position,
            lambda: house.notifications.find(scope, user_id, notification_id),
        )

    workspaces = await _workspaces(call, None)
    marked = await call.access.within(user_id, workspaces, ask)
    if marked.workspace_id is None:
        raise not_found("notification")
    return marked.workspace_id, marked.last


async def _preferences(call: Call) -> Preferences | None:
    return await call.access.newest(PREFERENCES, preferences_of(call.caller.user_id))


def _render(present: Preferences | None) -> bytes:
    """Every type and channel, whether it was ever decided or not."""
    chosen = {
        type_: {channel: wants(present, type_, channel) for channel in CHANNELS} for type_ in TYPES
    }
    return encode(PreferencesAnswer(chosen, 0 if present is None else present.version))
