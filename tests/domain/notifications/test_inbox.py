"""What somebody marks as read or puts off, and that nothing is marked twice."""

from datetime import timedelta
from typing import Any

from domain.inbox import decisions
from domain.inbox.events import NotificationRead, NotificationSnoozed, NotificationsRead
from domain.inbox.state import INBOX, MARKS_KEPT, inbox_of
from domain.values.ids import is_id
from tests.domain.given import ANN, BOB, START, WORKSPACE_ID, given

ONE, OTHER = (f"ntf_0000000000000000000000000{n}" for n in "12")
LATER = START + timedelta(days=1)


def inbox(*events: object) -> Any:
    return given(INBOX, inbox_of(ANN, WORKSPACE_ID), *events)


def read(notification_id: str, upto: int) -> NotificationRead:
    return NotificationRead(notification_id=notification_id, user_id=ANN, upto=upto)


def put_off(until: Any, was: Any = None) -> NotificationSnoozed:
    return NotificationSnoozed(notification_id=ONE, user_id=ANN, until=until, was=was)


def test_each_person_has_an_inbox_in_each_workspace():
    assert is_id(inbox_of(ANN, WORKSPACE_ID), "inbox")
    names = {inbox_of(ANN, WORKSPACE_ID), inbox_of(BOB, WORKSPACE_ID), inbox_of(ANN, "ws_2")}
    assert len(names) == 3


def test_what_was_seen_is_read_once_and_what_came_into_it_later_again():
    given_one = {"user_id": ANN, "notification_id": ONE}
    assert decisions.read(None, **given_one, upto=5) == (read(ONE, 5),)
    marked = inbox(read(ONE, 5))
    marked.when(decisions.read, **given_one, upto=5).nothing()
    marked.when(decisions.read, **given_one, upto=4).nothing()
    marked.when(decisions.read, **given_one, upto=6).then(read(ONE, 6))
    marked.when(decisions.read, user_id=ANN, notification_id=OTHER, upto=5).then(read(OTHER, 5))


def test_all_is_read_up_to_where_it_was_seen():
    everything = NotificationsRead(user_id=ANN, upto=7, was=0)
    assert decisions.read_all(None, user_id=ANN, upto=7) == (everything,)
    assert decisions.read_all(None, user_id=ANN, upto=0) == ()
    done = inbox(read(ONE, 5), read(OTHER, 9), everything)
    assert (done.state.read_upto, dict(done.state.read)) == (7, {OTHER: 9})
    done.when(decisions.read_all, user_id=ANN, upto=7).nothing()
    done.when(decisions.read_all, user_id=ANN, upto=8).then(
        NotificationsRead(user_id=ANN, upto=8, was=7)
    )
    done.when(decisions.read, user_id=ANN, notification_id=ONE, upto=7).nothing()
    done.when(decisions.read, user_id=ANN, notification_id=ONE, upto=8).then(read(ONE, 8))


def test_one_is_put_off_until_later_and_comes_back_when_asked():
    asked = {"user_id": ANN, "notification_id": ONE, "now": START}
    assert decisions.snooze(None, **asked, until=LATER) == (put_off(LATER),)
    assert decisions.snooze(None, **asked, until=None) == ()
    asleep = inbox(put_off(LATER))
    asleep.when(decisions.snooze, **asked, until=LATER).nothing()
    awake = asleep.when(decisions.snooze, **asked, until=None).then(put_off(None, LATER))
    assert awake.snoozed == {}
    asleep.when(decisions.snooze, **asked, until=START).invalid("/until")


def test_of_single_marks_the_latest_are_remembered():
    names = [f"ntf_{number:026}" for number in range(MARKS_KEPT + 1)]
    state = inbox(read(names[1], 1), *(read(name, 2) for name in names)).state
    assert list(state.read) == names[1:]
    assert state.read[names[1]] == 2
