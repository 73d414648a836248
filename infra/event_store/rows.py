"""A row of the log as it travels: out of the database, and over NATS."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

COLUMNS = (
    "position, workspace_id, stream, version, type, payload, metadata,"
    " (extract(epoch FROM recorded_at) * 1000000)::bigint, number"
)


class StoredRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`recorded_at` is in microseconds since 1970, UTC; sealed fields are still sealed."""

    position: int
    workspace_id: str
    stream: str
    version: int
    type: str
    payload: bytes
    metadata: bytes
    recorded_at: int
    number: int | None = None


@lru_cache(maxsize=256)
def moment(microseconds: int) -> datetime:
    """All events that were appended together have the same."""
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """Since 1970, UTC."""
    return (at - _EPOCH) // _MICROSECOND
