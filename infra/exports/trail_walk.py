"""The events of a workspace's trail in a period, one after another, as `GET /audit/events` has."""

from collections.abc import AsyncIterator
from typing import Any, Final

import orjson

from infra.postgres.views.waiting import ViewWaiter
from infra.trail.reading import Trail
from projections.trail import TRAIL_VIEW
from projections.trail_query import TrailFilter

TrailEvent = dict[str, Any]
"""As docs/trail.md says."""

_AT_ONCE: Final = 1_000


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
