"""What somebody marks in their notifications, and how long the marks are remembered."""

from datetime import timedelta
from typing import Any

from domain.inbox import decisions
from domain.inbox.events import NotificationRead, NotificationSnoozed, NotificationsRead
from domain.inbox.state import INBOX, MARKS_KEPT, inbox_of
from domain.values.ids import between, is_id
from tests.domain.given import ANN, BOB, START, WORKSPACE_ID, Case, given

STREAM = inbox_of(ANN, WORKSPACE_ID)
LATER = START + timedelta(hours=1)


def read(notification_id: str, upto: int) -> NotificationRead:
    return NotificationRead(notification_id=notification_id, user_id=ANN, upto=upto)


def snoozed(until: Any, was: Any = None) -> NotificationSnoozed:
    return NotificationSnoozed(notification_id="n1", user_id=ANN, until=until, was=was)


def all_read(upto: int, was: int = 0) -> NotificationsRead:
    return NotificationsRead(user_id=ANN, upto=upto, was=was)


def inbox(*events: object) -> Case[Any]:
    return given(INBOX, STREAM, *events)


def reading(notification_id: str, upto: int) -> dict[str, Any]:
    return {"user_id": ANN, "notification_id": notification_id, "upto": upto}


def snoozing(until: Any, now: Any = START) -> dict[str, Any]:
    return {"user_id": ANN, "notification_id": "n1", "until": until, "now": now}


def test_an_inbox_is_one_persons_in_one_workspace():
    stream = inbox_of(ANN, WORKSPACE_ID)
    assert stream == between("inbox", ANN, WORKSPACE_ID)
    assert is_id(stream, "inbox")
    assert stream not in (inbox_of(BOB, WORKSPACE_ID), inbox_of(ANN, "ws_other"))


def test_one_is_read_up_to_what_was_seen_of_it():
    inbox().when(decisions.read, **reading("n1", 5)).then(read("n1", 5))
    some = inbox(read("n1", 5))
    some.when(decisions.read, **reading("n1", 5)).nothing()
    some.when(decisions.read, **reading("n1", 4)).nothing()
    assert some.when(decisions.read, **reading("n1", 6)).then(read("n1", 6)).read == {"n1": 6}
    some.when(decisions.read, **reading("n2", 1)).then(read("n2", 1))
    every = inbox(all_read(7))
    every.when(decisions.read, **reading("n1", 7)).nothing()
    every.when(decisions.read, **reading("n1", 8)).then(read("n1", 8))


def test_all_are_read_at_once_and_later_marks_stay():
    inbox().when(decisions.read_all, user_id=ANN, upto=0).nothing()
    inbox().when(decisions.read_all, user_id=ANN, upto=1).then(all_read(1))
    some = inbox(read("n1", 5), read("n2", 6), read("n3", 7))
    after = some.when(decisions.read_all, user_id=ANN, upto=6).then(all_read(6))
    assert (after.read_upto, after.read) == (6, {"n3": 7})
    inbox(all_read(6)).when(decisions.read_all, user_id=ANN, upto=6).nothing()
    inbox(all_read(6)).when(decisions.read_all, user_id=ANN, upto=7).then(all_read(7, 6))


def test_one_is_out_of_sight_until_then_or_until_it_is_asked_for():
    after = inbox().when(decisions.snooze, **snoozing(LATER)).then(snoozed(LATER))
    assert after.snoozed == {"n1": LATER}
    sleeping = inbox(snoozed(LATER))
    sleeping.when(decisions.snooze, **snoozing(LATER)).nothing()
    # What stands already is no mistake when its time has come.
    sleeping.when(decisions.snooze, **snoozing(LATER, now=LATER)).nothing()
    awake = sleeping.when(decisions.snooze, **snoozing(None)).then(snoozed(None, LATER))
    assert awake.snoozed == {}
    inbox().when(decisions.snooze, **snoozing(None)).nothing()
    inbox().when(decisions.snooze, **snoozing(START)).invalid("/until invalid")


def test_the_latest_marks_are_remembered():
    many = [read(f"n{n}", 1) for n in range(MARKS_KEPT)]
    assert list(inbox(*many).state.read) == [f"n{n}" for n in range(MARKS_KEPT)]
    again = inbox(*many, read("n0", 2), read("one more", 1)).state.read
    assert len(again) == MARKS_KEPT
    assert "n1" not in again
    assert list(again)[-2:] == ["n0", "one more"]
    assert again["n0"] == 2


def test_an_event_of_newer_code_is_no_mark():
    assert inbox(object()).state is None
    state = inbox(read("n1", 1), object()).state
    assert (state.version, state.read) == (2, {"n1": 1})
