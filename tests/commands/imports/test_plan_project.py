"""The workflow and the fields that a log asks for."""

import pytest

from commands.imports.naming import field_key, project_key, status_key
from commands.imports.plan_project import extended_workflow, fields_for, new_workflow
from domain.errors import Refused
from domain.project.fields import FieldDefinition, FieldDraft
from domain.project.workflow import (
    DEFAULT_WORKFLOW,
    PERSONAL_WORKFLOW,
    Status,
    Transition,
    checked_workflow,
)
from domain.values.limits import Limits
from tests.commands.imports.logs import LIMITS, by_name, event, surveyed, trace


def test_a_new_workflow_is_what_was_seen():
    workflow = new_workflow(
        surveyed(
            trace("A", event("Queued+New"), event("Solved"), event("Closed!")),
            trace("B", event("Queued+New"), event("Solved"), event("Queued+New")),
            trace("C", event("Queued+New"), event("Solved")),
        )
    )
    assert workflow is not None
    assert checked_workflow(workflow, LIMITS) == workflow
    assert workflow.initial == "queued_new"
    assert workflow.statuses == (
        Status(key="queued_new", name="Queued+New", category="todo"),
        Status(key="solved", name="Solved", category="in_progress"),
        Status(key="closed", name="Closed!", category="done"),
    )
    assert workflow.transitions == (
        Transition(source="queued_new", target="solved"),
        Transition(source="solved", target="closed"),
        Transition(source="solved", target="queued_new"),
    )


def test_half_of_those_that_reach_a_status_is_not_more_than_half():
    survey = surveyed(
        trace("A", event("a"), event("b")), trace("B", event("a"), event("b"), event("a"))
    )
    workflow = new_workflow(survey)
    assert workflow is not None
    assert [status.category for status in workflow.statuses] == ["todo", "in_progress"]


def test_a_log_without_events_asks_for_no_workflow():
    assert new_workflow(surveyed(trace("A"))) is None


def test_a_present_workflow_only_gains():
    survey = surveyed(trace("A", event("In progress"), event("Fixed"), event("Done")))
    workflow = extended_workflow(DEFAULT_WORKFLOW, survey)
    assert checked_workflow(workflow, LIMITS) == workflow
    assert workflow.statuses[: len(DEFAULT_WORKFLOW.statuses)] == DEFAULT_WORKFLOW.statuses
    assert workflow.statuses[-1] == Status(key="fixed", name="Fixed", category="in_progress")
    moves = [(each.source, each.target) for each in workflow.transitions]
    assert moves[-2:] == [("in_progress", "fixed"), ("fixed", "done")]
    assert extended_workflow(workflow, survey) == workflow


def test_where_any_move_goes_none_is_added():
    survey = surveyed(trace("A", event("To do"), event("Cancelled")))
    assert extended_workflow(PERSONAL_WORKFLOW, survey) == PERSONAL_WORKFLOW


def test_what_a_project_cannot_hold_is_refused():
    with pytest.raises(Refused, match="more than 7 statuses"):
        extended_workflow(
            DEFAULT_WORKFLOW,
            surveyed(trace("A", event("x"), event("y")), how=by_name(Limits(statuses=7))),
        )
    back_and_forth = trace("A", event("x"), event("y"), event("x"))
    with pytest.raises(Refused, match="more than 1 moves"):
        new_workflow(surveyed(back_and_forth, how=by_name(Limits(transitions=1))))


def test_fields_are_added_where_name_and_type_are_new_and_as_long_as_there_is_room():
    present = FieldDefinition(field_id="fld_1", key="n", name="cost", type="number")
    kept = FieldDraft(field_id="fld_1", key="n", name="cost", type="number")
    wanted = {"cost": "number", "org:group": "text", "n": "text", "a/b": "text", "\t": "text"}
    assert fields_for([present], wanted, LIMITS) == (
        kept,
        FieldDraft(key="org:group", name="org:group", type="text"),
        FieldDraft(key="n_2", name="n", type="text"),
        FieldDraft(key="a_b", name="a/b", type="text"),
    )
    assert fields_for([present], {"cost": "text"}, LIMITS)[-1].key == "cost"
    assert len(fields_for([present], wanted, Limits(fields=2))) == 2


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Accepted+In Progress", "accepted_in_progress"),
        ("__Läuft…", "läuft"),
        ("待機", "待機"),
        ("+++", "status"),
        ("x" * 300, "x" * 60),
    ],
)
def test_keys_of_statuses(name, key):
    assert status_key(name, ()) == key
    assert status_key(name, {key}) == f"{key}_2"


def test_keys_of_fields_stay_the_names_where_they_can():
    assert field_key("resource country", ()) == "resource country"
    assert field_key("(a)", {"_a_"}) == "_a__2"


def test_keys_of_projects_come_from_the_files_name():
    assert project_key("bpic2013_incidents.xes.gz") == "BPIC2013IN"
    assert project_key("2013-é.xes") == "LOGE"
    assert project_key("…") == "LOG"
