"""A workspace's trail as a table: a line for each event, with who, what, when and why."""

from collections.abc import AsyncIterator
from typing import Final

import orjson

from infra.exports.tables import Sheet
from infra.exports.trail_walk import TrailEvent

_COLUMNS: Final = (
    "position", "recorded_at", "occurred_at", "actor", "actor_id", "type", "stream", "version",
    "data", "reason", "via", "ip", "key_id", "command_id", "request_id", "correlation_id",
    "causation_id", "erased", "unreadable",
)  # fmt: skip


async def trail_csv(events: AsyncIterator[TrailEvent]) -> AsyncIterator[bytes]:
    """The file in pieces, an event a line in the order in which they come."""
    sheet = Sheet()
    sheet.row(_COLUMNS)
    async for event in events:
        actor, data = event.get("actor") or {}, event.get("data")
        said = {
            **event,
            "actor": actor.get("name"),
            "actor_id": actor.get("user_id"),
            "data": None if data is None else orjson.dumps(data).decode(),
            "erased": event.get("erased") or None,
            "unreadable": event.get("unreadable") or None,
        }
        sheet.row(said.get(name) for name in _COLUMNS)
        if sheet.full():
            yield sheet.taken()
    yield sheet.taken()
