"""Reviews of the trail: who attests to have looked at what, and what is overdue."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from msgspec import Struct
from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed_headers, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_of_all, page_reply
from api.http.positions import MOST_POSITION
from api.http.queries import DefaultWorkspace
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference
from api.routes.answers import Page, encode
from api.routes.audit import watched_workspace
from commands.review.attest_review import AttestReview
from commands.review.schedule_reviews import ScheduleReviews
from domain.errors import Kind, Refused, invalid
from domain.review.events import TrailReviewed
from domain.review.state import REVIEWS, Reviews, reviews_of
from domain.values.frozen import dataclass
from domain.values.moment import moment
from domain.values.recorded import Recorded
from domain.values.text import readable
from projections.people import Named, named
from projections.trail import TRAIL_VIEW

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["The record"])


def _position_or_time(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a place is a position, or a time of recording")
    return value


Place = Annotated[
    int | str,
    PlainValidator(_position_or_time),
    WithJsonSchema(
        {
            "description": "A position, or a time of recording; inclusive.",
            "anyOf": [{"type": "integer"}, {"type": "string"}],
        }
    ),
]


class NewReview(Body):
    """All of the workspace's events between two places."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"from": 1, "to": 2, "note": "Nothing unusual."}]}
    )

    first: Annotated[Place, Field(alias="from")]
    last: Annotated[Place, Field(alias="to")]
    note: Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 20_000})]
    workspace_id: Annotated[
        Reference | None, Field(description="Your default workspace where left out.")
    ] = None


class ReviewSchedule(Body):
    """`null`: nothing is ever overdue."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"review_every_days": 30}]})

    review_every_days: Annotated[int | None, Field(json_schema_extra={"minimum": 1})]
    workspace_id: Annotated[
        Reference | None, Field(description="Your default workspace where left out.")
    ] = None


class Review(Struct, frozen=True, kw_only=True):
    """`note` is null where it was erased; `position` is that of the attestation itself."""

    workspace_id: str
    from_position: int
    to_position: int
    note: str | None
    reviewer: Named
    reviewed_at: datetime
    position: int


class ReviewPage(Page, kw_only=True):
    """`unreviewed_from`: the first event that nobody has reviewed; `overdue_since`: when it should
    have been."""

    reviews: list[Review]
    review_every_days: int | None
    unreviewed_from: int | None
    overdue_since: datetime | None


class ScheduleAnswer(Struct, frozen=True, kw_only=True):
    workspace_id: str
    review_every_days: int | None


class ReviewQuery(PageQuery):
    workspace_id: DefaultWorkspace = None


@dataclass(frozen=True, slots=True)
class _Standing:
    """What of a trail was reviewed, from the log."""

    recorded: list[Recorded]
    state: Reviews | None


@router.post(
    "/audit/reviews",
    summary="Attest that you have looked at a range of the trail",
    description="For who may read it, and did nothing in that range themselves.",
    **write(Review, status=201, has_path=False, may=(Kind.FORBIDDEN, Kind.NOT_FOUND)),
)
async def attest(call: CallHere, body: NewReview) -> Reply:
    workspace_id = await _workspace_in_body(call, body.workspace_id)
    first, last = await _range(call, workspace_id, body)
    command = AttestReview(workspace_id=workspace_id, first=first, last=last, note=body.note)
    outcome = await execute(call, [command], body=body)
    state = outcome.state(REVIEWS)
    review = Review(
        workspace_id=workspace_id,
        from_position=first,
        to_position=last,
        note=body.note,
        reviewer=named(call.caller.user_id),
        reviewed_at=state.updated_at,
        position=outcome.position,
    )
    doc = await with_names(call, encode(review))
    return Reply(201, doc, changed_headers(call, outcome))


@router.get(
    "/audit/reviews",
    summary="Who reviewed the trail, and what is overdue",
    **read(ReviewPage, is_list=True, has_path=False, may=(Kind.FORBIDDEN, Kind.NOT_FOUND)),
)
async def reviews(call: CallHere, query: Annotated[ReviewQuery, Query()]) -> Reply:
    house = call.house
    workspace_id = (await watched_workspace(call, query.workspace_id)).workspace_id
    standing = await _standing(call, workspace_id)
    if call.position is not None:
        await house.waiter.reached(TRAIL_VIEW, call.position)
    left = await house.trail.unreviewed(standing.state, workspace_id)
    due = None if standing.state is None or left is None else standing.state.due_at(left[1])
    rows = [
        ((_place(each), str(each.position)), encode(_shown(each)))
        for each in reversed(standing.recorded)
        if isinstance(each.event, TrailReviewed)
    ]
    position = standing.recorded[-1].position if standing.recorded else call.position or 0
    listing = page_of_all(house.log_id, "reviews", rows, query.asked(), position)
    beside = {
        "review_every_days": None if standing.state is None else standing.state.every_days,
        "unreviewed_from": None if left is None else left[0],
        "overdue_since": due if due is not None and due <= house.clock() else None,
    }
    return page_reply(call, "reviews", listing, await with_names(call, listing.docs), beside)


@router.put(
    "/audit/reviews/schedule",
    summary="Say within how many days everything has to be reviewed",
    **write(ScheduleAnswer, has_path=False, may=(Kind.FORBIDDEN, Kind.NOT_FOUND)),
)
async def schedule(call: CallHere, body: ReviewSchedule) -> Reply:
    workspace_id = await _workspace_in_body(call, body.workspace_id)
    command = ScheduleReviews(workspace_id=workspace_id, every_days=body.review_every_days)
    outcome = await execute(call, [command], body=body)
    answer = ScheduleAnswer(workspace_id=workspace_id, review_every_days=body.review_every_days)
    return Reply(200, encode(answer), changed_headers(call, outcome))


async def _workspace_in_body(call: Call, named: str | None) -> str:
    """Raises Invalid for one that the caller is not in, and Refused(FORBIDDEN)."""
    try:
        return (await watched_workspace(call, named)).workspace_id
    except Refused as refused:
        if refused.kind is not Kind.NOT_FOUND or named is None:
            raise
        detail = "There is no such workspace, or you may not see it."
        raise invalid("/workspace_id", detail, "unknown") from None


async def _range(call: Call, workspace_id: str, body: NewReview) -> tuple[int, int]:
    """As positions. Raises Invalid."""
    since = moment(body.first, "/from") if isinstance(body.first, str) else None
    until = moment(body.last, "/to") if isinstance(body.last, str) else None
    first, last = await call.house.trail.span(workspace_id, since, until)
    for name, place in (("/from", body.first), ("/to", body.last)):
        if isinstance(place, int) and not 1 <= place <= MOST_POSITION:
            raise invalid(name, "Must be a position of the log: 1 or more.", "out-of-range")
    if isinstance(body.first, int):
        first = body.first
    if isinstance(body.last, int):
        last = body.last
    assert first is not None
    assert last is not None
    return first, last


async def _standing(call: Call, workspace_id: str) -> _Standing:
    recorded = list(await call.house.store.read_stream(reviews_of(workspace_id)))
    return _Standing(recorded, REVIEWS.fold((each.event, each.stamp) for each in recorded))


def _place(recorded: Recorded) -> str:
    """The newest first."""
    return f"{MOST_POSITION - recorded.position:019d}"


def _shown(recorded: Recorded) -> Review:
    event: TrailReviewed = recorded.event
    stamp = recorded.stamp
    return Review(
        workspace_id=stamp.workspace_id,
        from_position=event.first,
        to_position=event.last,
        note=readable(event.note),
        reviewer=named(stamp.actor),
        reviewed_at=stamp.recorded_at,
        position=stamp.position,
    )
