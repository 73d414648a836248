"""Positions of the log in headers: what a read waits for, and what an answer shows."""

from collections.abc import Sequence
from typing import Final

from api.http.call import Call
from api.http.reply import Header
from domain.errors import invalid

MOST_POSITION: Final = 2**63 - 1
_MOST_DIGITS: Final = len(str(MOST_POSITION))


def wanted_position(call: Call, in_query: int | None = None) -> int | None:
    """The position that the answer must show at least; the later one where both ways say one."""
    given = call.headers.get(b"x-min-log-position")
    if given is None:
        return in_query
    if not given.isdigit() or len(given) > _MOST_DIGITS or int(given) > MOST_POSITION:
        raise invalid("/headers/X-Min-Log-Position", "A position is a whole number from 0.")
    return max(int(given), in_query or 0)


def position_headers(call: Call, position: int, stale: Sequence[str] = ()) -> list[Header]:
    """Where the answer stands in which log; of the parked streams `stale` the route names those
    that it touches."""
    call.stale = stale
    return [
        (b"x-log-position", b"%d" % position),
        (b"x-log-id", call.house.log_id.encode()),
    ]
