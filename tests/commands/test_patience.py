"""How long a command is decided again where others were first."""

from collections.abc import Sequence

from commands.patience import MEETING_PATIENCE_SECONDS, TRIES, TRIES_AT_GUARDS, Patience
from commands.ports import StreamMoved

POINTS = {"graph", "status:going"}
FOREVER = 1_000


def tries(streams: Sequence[str], guards: Sequence[str], seconds_each: float = 0.0) -> int:
    """How many of them whoever is overtaken there each time gets."""
    patience, now = Patience(), 0.0
    while patience.left and patience.begun < FOREVER:
        patience.begin()
        patience.overtaken(StreamMoved(streams, guards), POINTS, now)
        now += seconds_each
    return patience.begun


def test_two_who_change_the_same_thing_get_a_few_tries() -> None:
    assert tries(["task"], []) == tries(["task"], ["lane"]) == tries(["graph", "task"], []) == TRIES
    assert tries([], []) == TRIES


def test_those_who_meet_at_a_guard_get_more() -> None:
    assert tries([], ["lane"]) == tries([], ["lane", "status:going"]) == TRIES_AT_GUARDS


def test_at_meeting_points_the_time_decides() -> None:
    for streams, guards in ((["graph"], []), ([], ["status:going"]), (["graph"], ["status:going"])):
        assert tries(streams, guards) == FOREVER
        late = tries(streams, guards, seconds_each=1.0)
        assert late == MEETING_PATIENCE_SECONDS + TRIES
