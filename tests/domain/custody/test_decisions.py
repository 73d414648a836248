"""Forgetting and keeping take two people; what was withdrawn or done stays so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.custody import decisions
from domain.custody.events import (
    ErasureApproved,
    ErasureAsked,
    ErasureCarriedOut,
    ErasureWithdrawn,
    HoldKept,
    HoldLifted,
    HoldLiftProposed,
    HoldProposed,
    HoldSet,
    HoldWithdrawn,
)
from domain.custody.state import CUSTODY, Custody
from domain.errors import Invalid, Kind, Refused
from domain.user.events import UserErased, UserRegistered
from domain.user.state import USER
from domain.values.text import ERASED
from tests.domain.given import ANN, BOB, EVE, LIMITS, given

ASKED = ErasureAsked(erasure_id="ers_1", user_id=EVE, content=False, everywhere=False, why="Left")
WITHDRAWN = ErasureWithdrawn(erasure_id="ers_1", user_id=EVE)
APPROVED = ErasureApproved(erasure_id="ers_1", user_id=EVE, places=())
DONE = ErasureCarriedOut(erasure_id="ers_1", user_id=EVE, key_ids=("k",), counts={"keys": 1})
PROPOSED = HoldProposed(hold_id="hold_1", why="Case 7", user_id=EVE)
SET, LIFTING = HoldSet(hold_id="hold_1"), HoldLiftProposed(hold_id="hold_1")
PERSON = given(
    USER,
    EVE,
    UserRegistered(username="eve", email="eve@example.org", name="Eve", default_workspace_id="w"),
)


def custody(*events: object) -> Custody | None:
    return given(CUSTODY, "custody_1", *events).state


def ask(*events: object, **other: Any) -> tuple[object, ...]:
    asked = {"erasure_id": "ers_2", "user_id": EVE, "content": False, "everywhere": False}
    return decisions.ask_erasure(
        custody(*events), PERSON.state, **{**asked, "why": None, "limits": LIMITS, **other}
    )


def test_asking_again_changes_nothing_and_asking_otherwise_is_refused() -> None:
    assert ask()[0] == ErasureAsked(
        erasure_id="ers_2", user_id=EVE, content=False, everywhere=False
    )
    assert ask(ASKED) == ()
    assert len(ask(ASKED, WITHDRAWN)) == 1
    with pytest.raises(Refused) as refused:
        ask(ASKED, content=True)
    assert refused.value.kind is Kind.ALREADY_EXISTS


def test_an_operator_approves_only_where_nobody_else_could() -> None:
    asked = custody(ASKED)
    assert asked is not None
    erasure = asked.erasures["ers_1"]
    decisions.require_nobody_else(erasure, [])
    decisions.require_nobody_else(erasure, [erasure.asked_by, EVE])
    other = BOB if erasure.asked_by != BOB else ANN
    with pytest.raises(Refused) as refused:
        decisions.require_nobody_else(erasure, [EVE, other])
    assert refused.value.kind is Kind.FORBIDDEN
    (approved,) = decisions.approve_erasure(erasure, PERSON.state, ["w"], [asked], "Olga")
    now = custody(ASKED, approved)
    assert now is not None
    assert (now.erasures["ers_1"].operator, now.erasures["ers_1"].places) == ("Olga", ("w",))


def test_an_erasure_is_withdrawn_until_it_is_approved() -> None:
    assert decisions.withdraw_erasure(custody(ASKED), "ers_1") == (WITHDRAWN,)
    assert decisions.withdraw_erasure(custody(ASKED, WITHDRAWN), "ers_1") == ()
    with pytest.raises(Refused) as refused:
        decisions.withdraw_erasure(custody(ASKED, APPROVED), "ers_1")
    assert refused.value.kind is Kind.NOT_UNDOABLE


@pytest.mark.parametrize("held", [{"user_id": EVE}, {"project_id": "proj_1"}, {"until": None}])
def test_a_hold_that_stands_stops_it_and_a_proposed_one_does_not(held: dict[str, Any]) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC) if "until" in held else None
    hold = HoldProposed(hold_id="hold_1", why="Case 7", since=since, **held)
    decisions.require_no_hold([custody(hold), None], EVE)
    for events in ((hold, SET), (hold, SET, LIFTING)):
        with pytest.raises(Refused) as refused:
            decisions.require_no_hold([None, custody(*events)], EVE)
        assert (refused.value.kind, refused.value.fields["holds"]) == (
            Kind.LEGAL_HOLD,
            ["hold_1"],
        )
    decisions.require_no_hold([custody(hold, SET, LIFTING, HoldLifted(hold_id="hold_1"))], EVE)
    if "user_id" in held:
        decisions.require_no_hold([custody(hold, SET)], ANN)


def test_a_hold_is_about_one_thing_and_its_period_has_an_order() -> None:
    def propose(**what: Any) -> object:
        nothing = {"user_id": None, "project_id": None, "since": None, "until": None}
        return decisions.propose_hold(
            None, hold_id="hold_1", why="Case 7", limits=LIMITS, **{**nothing, **what}
        )

    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert propose(since=first, until=last)
    for wrong in ({}, {"user_id": EVE, "project_id": "p"}, {"since": last, "until": first}):
        with pytest.raises(Invalid):
            propose(**wrong)


def test_setting_lifting_and_keeping_take_turns() -> None:
    def again(*events: object) -> object:
        return decisions.propose_hold(
            custody(*events),
            hold_id="hold_1",
            user_id=EVE,
            project_id=None,
            since=None,
            until=None,
            why="Case 7",
            limits=LIMITS,
        )

    assert decisions.lift_hold(custody(PROPOSED), "hold_1") == (HoldWithdrawn(hold_id="hold_1"),)
    assert decisions.lift_hold(custody(PROPOSED, SET), "hold_1") == (LIFTING,)
    assert decisions.lift_hold(custody(PROPOSED, SET, LIFTING), "hold_1") == ()
    assert again(PROPOSED) == again(PROPOSED, SET) == ()
    assert again(PROPOSED, SET, LIFTING) == (HoldKept(hold_id="hold_1"),)
    by = custody(PROPOSED)
    assert by is not None
    proposer = by.holds["hold_1"].proposed_by
    assert decisions.approve_hold(by, "hold_1", BOB if proposer != BOB else ANN) == (SET,)
    with pytest.raises(Refused) as refused:
        decisions.approve_hold(by, "hold_1", proposer)
    assert refused.value.kind is Kind.FORBIDDEN


def test_the_reason_goes_with_the_person_and_so_do_their_names() -> None:
    kept = custody(ASKED, APPROVED, DONE)
    assert kept is not None
    erasure = kept.erasures["ers_1"]
    assert (erasure.why, erasure.key_ids, erasure.is_open) == (None, ("k",), True)
    gone = given(USER, EVE, *PERSON.events, UserErased(erasure_id="ers_1")).state
    assert (gone.name, gone.username, gone.email) == (ERASED, ERASED, ERASED)
    assert (gone.can_log_in, gone.erased) == (False, True)
    with pytest.raises(Refused):
        decisions.ask_erasure(
            None,
            gone,
            erasure_id="ers_2",
            user_id=EVE,
            content=True,
            everywhere=True,
            why=None,
            limits=LIMITS,
        )
