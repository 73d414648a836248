"""The trail: a row of every event of a workspace, also of one that nobody can read."""

from datetime import UTC, datetime

from domain.user.events import ApiKeyMade, UserLocaleChanged
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from infra.event_store.event_types import EVENT_TYPES, UPCASTERS
from infra.ids import new_id
from infra.processes.folding import Undecoded
from projections.trail import TRAIL_VIEW, type_code
from tests.projections.memory import folded

HERE = new_id("ws")


def recorded(position: int, event: object, workspace_id: str = HERE, **origin: str) -> Recorded:
    actor = "user_1"
    at = datetime(2026, 1, 1, tzinfo=UTC)
    stamp = Stamp(workspace_id, f"stream_{position}", 1, actor, at, position)
    return Recorded(event, f"Type{position}.v1", stamp, "00" * 16, Origin(actor, **origin))


def test_what_cannot_be_read_and_what_only_newer_code_knows_stand_in_the_trail() -> None:
    rows = folded(
        TRAIL_VIEW,
        [
            [
                recorded(1, Undecoded("its bytes are gone"), key_id="key_1"),
                recorded(2, None, ip="0a" * 16),
            ]
        ],
    )
    assert list(rows.stored["events"]) == [(HERE, 1), (HERE, 2)]
    one, two = rows.stored["events"].values()
    assert (one["key_id"], one["type_code"]) == ("key_1", type_code("Type1.v1"))
    assert (two["address"], two["actor_id"]) == (b"\x0a" * 16, "user_1")


def test_of_accounts_only_what_is_about_a_workspace_stands_in_its_trail() -> None:
    made = ApiKeyMade(
        key_id="key_1", name="k", scopes=("admin",), expires_at=None, workspace_id=HERE
    )
    of_all = ApiKeyMade(
        key_id="key_2", name="k", scopes=("admin",), expires_at=None, workspace_id=None
    )
    locale = UserLocaleChanged(time_zone="UTC", locale="en", was_time_zone="UTC", was_locale="de")
    events = [
        recorded(position, event, SYSTEM_WORKSPACE)
        for position, event in enumerate((made, of_all, locale), start=1)
    ]
    assert list(folded(TRAIL_VIEW, [events]).stored["events"]) == [(HERE, 1)]


def test_no_two_types_have_the_same_code() -> None:
    names = {*(each.name for each in EVENT_TYPES), *(each.name for each in UPCASTERS)}
    assert len({type_code(name) for name in names}) == len(names)
