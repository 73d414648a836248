"""What of a workspace's trail is asked for: a period, a stream, an actor."""

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.errors import invalid
from domain.record import times
from domain.record.disclosure import actor_of
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_ACTOR, is_id, kind_of
from domain.values.moment import is_day, moment
from infra.event_store.rows import StoredRow, microseconds

_LAST_OF_DAY: Final = timedelta(days=1) - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """Everything where it says nothing. `since` and `until`, both inclusive, are compared with
    the time of recording, in microseconds since 1970, UTC."""

    since: int | None = None
    until: int | None = None
    stream: str | None = None
    actor: str | None = None

    def picks(self, row: StoredRow) -> bool:
        """Whether an event of the period is asked for. Raises NotReadable."""
        return (self.stream is None or row.stream == self.stream) and (
            self.actor is None or actor_of(row.metadata) == self.actor
        )

    def as_asked(self) -> dict[str, str]:
        """By the names under which it is asked for, those of it that were."""
        asked = {
            "from": None if self.since is None else times.written(self.since),
            "to": None if self.until is None else times.written(self.until),
            "stream": self.stream,
            "actor": self.actor,
        }
        return {name: value for name, value in asked.items() if value is not None}


def trail_filter(
    *,
    since: str | None = None,
    until: str | None = None,
    stream: str | None = None,
    actor: str | None = None,
    pointer: str = "",
) -> TrailFilter:
    """From what somebody wrote: date-times, or days of UTC, of which all is meant.

    Raises Invalid under `pointer`.
    """
    first = None if since is None else _moment(since, timedelta(), f"{pointer}/from")
    last = None if until is None else _moment(until, _LAST_OF_DAY, f"{pointer}/to")
    if first is not None and last is not None and last < first:
        raise invalid(f"{pointer}/to", "Must not be before `from`.")
    if stream is not None and kind_of(stream) is None:
        raise invalid(f"{pointer}/stream", "Must be the id of something, such as task_01j...")
    if actor is not None and not is_id(actor, "user") and actor != SYSTEM_ACTOR:
        raise invalid(f"{pointer}/actor", "Must be a user's id, such as user_01j...")
    return TrailFilter(since=first, until=last, stream=stream, actor=actor)


def _moment(text: str, day_ends: timedelta, pointer: str) -> int:
    if is_day(text):
        try:
            return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC) + day_ends)
        except (ValueError, OverflowError):
            pass  # what it is not, is said as of any other text
    return microseconds(moment(text, pointer, or_day=True))
