"""Which news reach somebody: all of them, but for what they decided."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.preferences import decisions
from domain.preferences.events import NotificationPreferencesChanged
from domain.preferences.state import CHANNELS, PREFERENCES, TYPES, preferences_of, wants
from tests.domain.given import ANN, Case, given

OFF = {"task_assigned": {"email": False}}


def changed(new: Any, was: Any) -> NotificationPreferencesChanged:
    return NotificationPreferencesChanged(user_id=ANN, preferences=new, was=was)


def preferences(*events: object) -> Case[Any]:
    return given(PREFERENCES, preferences_of(ANN), *events)


def change(case: Case[Any], wanted: Any) -> Any:
    return case.when(decisions.change, ANN, wanted)


def test_everything_reaches_everybody_who_decided_nothing():
    assert preferences_of("user_1") == "prefs_1"
    assert all(wants(None, type_, channel) for type_ in TYPES for channel in CHANNELS)
    change(preferences(), {"task_assigned": {"email": True}, "task_overdue": {}}).nothing()


def test_what_is_named_changes_and_the_rest_stays():
    state = change(preferences(), OFF).then(changed(OFF, {"task_assigned": {"email": True}}))
    assert not wants(state, "task_assigned", "email")
    assert wants(state, "task_assigned", "push")
    assert wants(state, "task_overdue", "email")
    off = preferences(changed(OFF, {}))
    change(off, OFF).nothing()
    both = {"task_assigned": {"email": False, "push": False}, "task_overdue": {"in_app": False}}
    state = change(off, both).then(
        changed(
            {"task_assigned": {"push": False}, "task_overdue": {"in_app": False}},
            {"task_assigned": {"push": True}, "task_overdue": {"in_app": True}},
        )
    )
    assert state.chosen == both
    on = {"task_assigned": {"email": True}}
    assert wants(change(off, on).then(changed(on, OFF)), "task_assigned", "email")


def test_there_are_so_many_types_and_channels():
    wrong = {"mo/od": {"email": False}, "task_assigned": {"fax": True, "email": False, "x~": True}}
    change(preferences(), wrong).invalid(
        "/preferences/mo~1od unknown",
        "/preferences/task_assigned/fax unknown",
        "/preferences/task_assigned/x~0 unknown",
    )
    with pytest.raises(Invalid, match=f"there are {', '.join(TYPES)}"):
        decisions.change(None, ANN, {"mood": {}})
    with pytest.raises(Invalid, match="there are in_app, email, push"):
        decisions.change(None, ANN, {"task_assigned": {"fax": False}})


def test_an_event_of_newer_code_is_no_decision():
    assert preferences(object()).state is None
    state = preferences(changed(OFF, {}), object()).state
    assert (state.version, state.chosen) == (2, OFF)
