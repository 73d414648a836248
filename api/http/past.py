"""Answers as of a moment: which moment a request means, and how the past is asked for a caller.

Who may see the past is decided by today's access, never by that of then.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field

from api.http.call import Call
from api.http.names import with_names
from api.http.positions import MOST_POSITION
from api.http.queries import ReadQuery
from domain.aggregate import Aggregate, Versioned
from domain.errors import invalid
from domain.values.moment import moment, written
from domain.values.recorded import Recorded
from domain.workspace.state import Membership
from infra.postgres.views.past_queries import Past
from projections.past import PAST_VIEW
from projections.past_moments import ALWAYS, Moment, microseconds, since_of

A = TypeVar("A")
S = TypeVar("S", bound=Versioned)

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class AsOf(ReadQuery):
    """Parameters of every read that also answers as it once would have."""

    as_of: Annotated[
        str | None,
        Field(
            max_length=50,
            description="A time or a position of the log: the answer as it was then, inclusive.",
        ),
    ] = None
    clock: Annotated[
        Literal["recorded", "occurred"] | None,
        Field(
            description="By which clock `as_of` is meant: `recorded`, when the log had it (default)"
            ", or `occurred`, when an import says that it happened; events that do not say so have"
            " always been."
        ),
    ] = None


async def moment_of(call: Call, query: AsOf) -> Moment | None:
    """The moment that a request asks for; None: it asks for the present.

    Raises Invalid for what is no moment, and for one that has not come yet.
    """
    if query.as_of is None:
        if query.clock is not None:
            raise invalid("/query/clock", "clock says by which clock as_of is meant; give both.")
        return None
    if query.as_of.isascii() and query.as_of.isdigit():
        return await _position(call, int(query.as_of), query.clock)
    at = moment(query.as_of, "/query/as_of")
    clocks = await call.house.past.at_time(at)
    if at > clocks.now:
        detail = f"That moment has not come yet: it is {written(clocks.now)}."
        raise invalid("/query/as_of", detail, "in-the-future")
    if query.clock == "occurred":
        return Moment("occurred", microseconds(at), at, clocks.head)
    return Moment("recorded", clocks.position, at, clocks.position, clocks.imports)


async def _position(call: Call, position: int, clock: str | None) -> Moment:
    if clock == "occurred":
        detail = "A position is a place in what was recorded; with clock=occurred give a time."
        raise invalid("/query/as_of", detail)
    clocks = await call.house.past.at_position(min(position, MOST_POSITION))
    if position > clocks.head:
        detail = f"The log has not come there yet: it stands at {clocks.head}."
        raise invalid("/query/as_of", detail, "in-the-future")
    return Moment("recorded", position, clocks.recorded_at or _BEGINNING, position)


async def asked_then(
    call: Call,
    moment: Moment,
    workspaces: Sequence[str],
    ask: Callable[[Past], Awaitable[A]],
) -> A:
    """What the past answers within all that the caller may see today in these workspaces.

    Raises Refused(VIEW_BEHIND) where the view of the past has not come there in time.
    """
    house, moment = call.house, moment.within(workspaces)
    wanted = call.position or 0
    if moment.clock == "recorded":
        wanted = max(wanted, moment.place)
    if wanted:
        await house.waiter.reached(PAST_VIEW, wanted)
    return await call.access.within(
        call.caller.user_id, workspaces, lambda scope: ask(house.past.seen(moment, scope))
    )


async def with_names_then(call: Call, moment: Moment, doc: bytes) -> bytes:
    """The answer with the names of today, and without other tasks that the caller may not see
    today or that were in the trash."""

    async def visible(call: Call, task_ids: Collection[str]) -> Collection[str]:
        workspaces = await call.access.workspaces(call.caller.user_id, call.position)
        places = [(each,) for each in workspaces] if moment.imports else [workspaces]
        found: set[str] = set()
        for some in places:
            found.update(await asked_then(call, moment, some, lambda past: past.visible(task_ids)))
        return found

    return await with_names(call, doc, call.position, visible)


async def state_then(call: Call, moment: Moment, aggregate: Aggregate[S], stream: str) -> S | None:
    """A stream folded up to a moment; None where it had not begun. Who may see it is for the
    caller of this to say."""
    recorded = await call.house.store.read_stream(stream)
    return aggregate.fold((each.event, each.stamp) for each in _upto(recorded, moment))


def place_of(member: Membership, member_id: str) -> tuple[str, str]:
    """Where somebody stands in a list of members: the longest there come first."""
    return f"{member.position:019d}", member_id


def _upto(recorded: Sequence[Recorded], moment: Moment) -> list[Recorded]:
    if recorded and moment.clock == "recorded":
        moment = moment.within((recorded[0].stamp.workspace_id,))
        return [each for each in recorded if each.position <= moment.place]
    found = []
    since = ALWAYS
    for each in recorded:
        since = since_of(each.stamp, since)
        if since > moment.place:
            break
        found.append(each)
    return found
