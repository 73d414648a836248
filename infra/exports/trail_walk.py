"""The events of a workspace's trail in a period, one after another, as `GET /audit/events` has."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from domain.errors import invalid
from domain.values.moment import is_day, moment, written
from infra.postgres.views.waiting import ViewWaiter
from infra.trail.reading import Trail
from projections.trail import TRAIL_VIEW
from projections.trail_query import TrailFilter

TrailEvent = dict[str, Any]
"""As docs/trail.md says."""

_AT_ONCE: Final = 1_000
_A_DAY: Final = timedelta(days=1)
_LEAST: Final = timedelta(microseconds=1)


def period(since: str | None, until: str | None) -> TrailFilter:
    """From what somebody wrote: date-times, or days of UTC, of which all is meant. Raises
    Invalid."""
    first = None if since is None else _moment(since, "/from")
    last = None if until is None else _moment(until, "/to")
    if until is not None and last is not None and is_day(until):
        last += _A_DAY - _LEAST
    if first is not None and last is not None and last < first:
        raise invalid("/to", "The period ends before it begins.")
    return TrailFilter(since=first, until=last)


def as_asked(asked: TrailFilter) -> dict[str, str]:
    """A period by the names under which it is asked for."""
    bounds = {"from": asked.since, "to": asked.until}
    return {name: written(at) for name, at in bounds.items() if at is not None}


async def trail_events(
    trail: Trail, waiter: ViewWaiter, workspace_id: str, asked: TrailFilter, upto: int
) -> AsyncIterator[TrailEvent]:
    """Those that the log had at the position `upto`, in its order. Whether they may be seen is for
    the caller to say. Raises Refused(VIEW_BEHIND)."""
    await waiter.reached(TRAIL_VIEW, upto)
    after, has_more = 0, True
    while has_more:
        page = await trail.page(workspace_id, asked, after, _AT_ONCE)
        for event in page.events:
            read: TrailEvent = orjson.loads(event)
            if read["position"] > upto:
                return
            yield read
        after, has_more = page.after, page.has_more and page.after < upto


def _moment(text: str, pointer: str) -> datetime:
    if not is_day(text):
        return moment(text, pointer, or_day=True)
    return moment(f"{text}T00:00:00Z", pointer, or_day=True).astimezone(UTC)
