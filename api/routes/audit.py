"""The trail of a workspace, whole and in order, for those who watch it; asking is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Query
from msgspec import Struct
from pydantic import Field, model_validator

from api.http import references
from api.http.call import Call, CallHere
from api.http.describe import read
from api.http.paging import PageQuery, page_reply
from api.http.positions import MOST_POSITION
from api.http.queries import DefaultWorkspace
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import Page
from api.routes.events import Actor
from commands.permissions import forbidden
from commands.security.record_own_read import RecordOwnRead
from commands.security.record_trail_read import RecordTrailRead
from domain.errors import Kind, invalid
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_ACTOR, is_id, kind_of
from domain.values.moment import moment
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import Workspace
from infra.event_store.event_types import EVENT_TYPES, UPCASTERS
from infra.postgres.views.lists import COUNTED_EXACTLY
from infra.security.alarm import READING
from infra.trail.reading import TrailPage, Walk
from projections.questions import Listing
from projections.questions import Page as Wanted
from projections.trail import TRAIL_VIEW
from projections.trail_query import TrailFilter

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["The record"])

# What is said of a filter by address: which one it was is not kept.
_NAMED: Final = "given"
_STORED: Final = tuple({*(each.name for each in EVENT_TYPES), *(each.name for each in UPCASTERS)})
_BY_NAME: Final[Mapping[str, Sequence[str]]] = {
    name: tuple(stored for stored in _STORED if name in (stored, stored.partition(".")[0]))
    for name in {*_STORED, *(stored.partition(".")[0] for stored in _STORED)}
}

Position = Annotated[int | None, Field(ge=1, le=MOST_POSITION, description="Inclusive.")]
Moment = Annotated[str | None, Field(max_length=50, description="When it was recorded, inclusive.")]


class TrailEntry(Struct, frozen=True, kw_only=True):
    """An event of the log with everything that is known of its origin. `erased` names what was made
    unreadable for ever; `unreadable`: the event cannot be read, and where it stands is all that is
    told. `author` wrote its texts, and `authors` single ones, where that was not the actor."""

    position: int
    workspace_id: str
    stream: str
    version: int
    type: str
    data: dict[str, Any] | None
    actor: Actor | None
    recorded_at: datetime
    occurred_at: datetime | None
    author: str | None
    authors: dict[str, str] | None
    ip: str | None
    via: str | None
    key_id: str | None
    command_id: str | None
    request_id: str | None
    correlation_id: str | None
    causation_id: str | None
    reason: str | None
    erased: list[str]
    unreadable: bool


class TrailEntryPage(Page, kw_only=True):
    events: list[TrailEntry]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A filter, and how it is said in the record."""

    filter: TrailFilter
    said: Mapping[str, str]


class TrailQuery(PageQuery):
    actor: Annotated[
        tuple[str, ...], Field(max_length=50, description="Ids, `me`, or `system`.")
    ] = ()
    stream: Annotated[tuple[str, ...], Field(max_length=50, description="Ids, or keys.")] = ()
    type: Annotated[
        tuple[str, ...], Field(max_length=200, description="`TaskCreated`, ... or a stored name.")
    ] = ()
    key_id: Annotated[tuple[str, ...], Field(max_length=50, description="API keys.")] = ()
    ip: Annotated[
        tuple[str, ...], Field(max_length=50, description="Addresses; which is not recorded.")
    ] = ()
    first: Annotated[Moment, Field(alias="from")] = None
    last: Annotated[Moment, Field(alias="to")] = None
    from_position: Position = None
    to_position: Position = None
    last_id: Annotated[
        str | None,
        Field(pattern=r"^[1-9][0-9]{0,17}$", description="The last row's `position` before."),
    ] = None
    workspace_id: DefaultWorkspace = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        first, last = self.from_position, self.to_position
        if first is not None and last is not None and last < first:
            raise ValueError("to_position is before from_position")
        return self

    def filters(self, caller: str, streams: Sequence[str]) -> _Asked:
        """`streams`: the ids of what is asked for. Raises Invalid for what is no id, no type or
        no time."""
        actors = tuple(caller if each == "me" else each for each in self.actor)
        for name, ids, kind in (("actor", actors, "user"), ("key_id", self.key_id, "key")):
            for each in ids:
                if not is_id(each, kind) and (name, each) != ("actor", SYSTEM_ACTOR):
                    raise invalid(f"/query/{name}", f"{each[:50]} is no id of the kind {kind}.")
        for each in streams:
            if kind_of(each) is None:
                detail = f"{each[:50]} is no id, and no key of a task or project of this workspace."
                raise invalid("/query/stream", detail)
        types = tuple(stored for each in self.type for stored in _types(each))
        since = None if self.first is None else moment(self.first, "/query/from")
        until = None if self.last is None else moment(self.last, "/query/to")
        if since is not None and until is not None and until < since:
            raise invalid("/query/to", "Must not be before `from`.")
        parts: dict[str, str | None] = {
            "actor": ",".join(actors) or None,
            "stream": ",".join(streams) or None,
            "type": ",".join(types) or None,
            "key_id": ",".join(self.key_id) or None,
            "ip": _NAMED if self.ip else None,
            "from": None if since is None else since.isoformat(),
            "to": None if until is None else until.isoformat(),
            "from_position": None if self.from_position is None else str(self.from_position),
            "to_position": None if self.to_position is None else str(self.to_position),
        }
        asked = TrailFilter(
            actors=tuple(dict.fromkeys(actors)),
            streams=tuple(dict.fromkeys(streams)),
            types=tuple(dict.fromkeys(types)),
            key_ids=tuple(dict.fromkeys(self.key_id)),
            addresses=tuple(dict.fromkeys(self.ip)),
            since=since,
            until=until,
            first=self.from_position,
            last=self.to_position,
        )
        return _Asked(asked, {name: each for name, each in parts.items() if each is not None})


@router.get(
    "/audit/events",
    summary="The trail: every event of a workspace, with its origin",
    description="In the order of the log. That somebody asked is an event of the trail itself, "
    "`TrailRead`, which is recorded before they are answered: once for a question, whose further "
    "pages (`cursor`) end where the log ended then. A page may be short, or empty, and have more "
    "behind it. For auditors, admins and owners.",
    **read(TrailEntryPage, is_list=True, has_path=False, may=(Kind.FORBIDDEN, Kind.NOT_FOUND)),
)
async def trail(call: CallHere, query: Annotated[TrailQuery, Query()]) -> Reply:
    house, user_id = call.house, call.caller.user_id
    workspace = await watched_workspace(call, query.workspace_id)
    streams = [
        await references.stream_in_trail(call, each, workspace.workspace_id)
        for each in query.stream
    ]
    asked = query.filters(user_id, streams)
    # The addresses are a part of the walk, though not of what is recorded of it.
    walk = Walk(user_id, workspace.workspace_id, {**asked.said, "ip": ",".join(query.ip)})
    after, filter_, wanted = 0, asked.filter, query.asked()
    if wanted.cursor is not None:
        after, upto = house.trail.place(walk, wanted.cursor)
        filter_ = _ending(filter_, upto)
    elif wanted.after_id is not None:
        after = int(wanted.after_id)
    page = await house.waiter.at_least(
        TRAIL_VIEW,
        call.position,
        lambda: house.trail.page(workspace.workspace_id, filter_, after, wanted.limit, wanted.skip),
    )
    total = None
    if wanted.total:
        whole = _ending(filter_, page.upto)
        total = await house.trail.count(workspace.workspace_id, whole, COUNTED_EXACTLY + 1)
    if wanted.cursor is None:
        said = {**asked.said, **_begun(wanted)}
        await record_reading(call, _first_page(workspace, said, page))
    listing = Listing(
        docs=b",".join(page.events),
        count=len(page.events),
        has_more=page.has_more,
        next_cursor=house.trail.cursor(walk, page),
        position=page.position,
        total=None if total is None else min(total, COUNTED_EXACTLY),
        total_is_exact=total is None or total <= COUNTED_EXACTLY,
        stale=page.stale,
    )
    return page_reply(call, "events", listing, listing.docs)


async def watched_workspace(call: Call, named: str | None) -> Workspace:
    """The workspace whose trail is asked for. Raises Refused(NOT_FOUND) where the caller is not in
    it, and Refused(FORBIDDEN) where they may not read its trail."""
    workspace = await references.workspace_asked(call, named)
    if Right.READ_TRAIL not in workspace_rights(workspace, call.caller.user_id):
        raise forbidden(Right.READ_TRAIL)
    return workspace


def _ending(asked: TrailFilter, upto: int) -> TrailFilter:
    return replace(asked, last=upto if asked.last is None else min(upto, asked.last))


def _begun(page: Wanted) -> dict[str, str]:
    """Where it was begun, as it is said in the record: nothing where that is the beginning."""
    said = {"last_id": page.after_id, "skip": str(page.skip) if page.skip else None}
    return {name: each for name, each in said.items() if each is not None}


def _first_page(workspace: Workspace, said: Mapping[str, str], page: TrailPage) -> RecordTrailRead:
    return RecordTrailRead(
        workspace_id=workspace.workspace_id,
        filter=said,
        events=len(page.events),
        goes_on=page.has_more,
        upto=page.upto,
    )


async def record_reading(call: Call, command: RecordTrailRead | RecordOwnRead) -> None:
    """Where this is raised from, the caller gets nothing."""
    house = call.house
    try:
        await house.executor.execute([command], call.origin())
    except Exception as error:
        house.recording.failed(READING, error)
        raise
    house.recording.recorded(READING)


def _types(name: str) -> Sequence[str]:
    """The stored names that it stands for: one version, or all."""
    found = _BY_NAME.get(name)
    if found is None:
        near = get_close_matches(name, list(_BY_NAME), 1)
        hint = f" Did you mean {near[0].partition('.')[0]}?" if near else ""
        raise invalid("/query/type", f"There is no type {name[:100]}.{hint}", "unknown")
    return found
