"""Which news somebody wants, by type and channel: all of them, until they say otherwise."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.preferences import decisions
from domain.preferences.events import NotificationPreferencesChanged
from domain.preferences.state import CHANNELS, PREFERENCES, TYPES, preferences_of, wants
from tests.domain.given import ANN, given


def changed(wanted: Any, was: Any) -> NotificationPreferencesChanged:
    return NotificationPreferencesChanged(user_id=ANN, preferences=wanted, was=was)


def test_everything_is_wanted_until_it_is_not():
    assert all(wants(None, type_, channel) for type_ in TYPES for channel in CHANNELS)
    assert (
        decisions.change(None, ANN, {"task_assigned": {"in_app": True}, "task_overdue": {}}) == ()
    )
    off = changed({"task_assigned": {"email": False}}, {"task_assigned": {"email": True}})
    wish = {"task_assigned": {"email": False, "push": True}}
    assert decisions.change(None, ANN, wish) == (off,)
    chosen = given(PREFERENCES, preferences_of(ANN), off)
    assert (chosen.state.user_id, wants(chosen.state, "task_assigned", "email")) == (ANN, False)
    assert wants(chosen.state, "task_assigned", "push")
    chosen.when(decisions.change, ANN, wish).nothing()
    more = changed({"task_assigned": {"push": False}}, {"task_assigned": {"push": True}})
    after = chosen.when(decisions.change, ANN, {"task_assigned": {"push": False}}).then(more)
    assert [wants(after, "task_assigned", each) for each in CHANNELS] == [True, False, False]
    back = changed({"task_assigned": {"email": True}}, {"task_assigned": {"email": False}})
    chosen.when(decisions.change, ANN, {"task_assigned": {"email": True}}).then(back)


def test_unknown_types_and_channels_are_all_named():
    wrong = {"task_lost": {"fax": True}, "task_assigned": {"fax": True, "a/~b": False}}
    with pytest.raises(Invalid) as caught:
        decisions.change(None, ANN, wrong)
    assert [(each.pointer, each.code) for each in caught.value.problems] == [
        ("/preferences/task_lost", "unknown"),
        ("/preferences/task_assigned/fax", "unknown"),
        ("/preferences/task_assigned/a~1~0b", "unknown"),
    ]
