"""What a first reading learns of a log."""

from dataclasses import replace

import pytest

from commands.imports.event_log import Broken, Classifier, Header
from commands.imports.reading import Faulty, reading
from commands.imports.survey import SeenStatus, Survey
from domain.errors import Invalid, Refused
from domain.values.limits import Limits
from tests.commands.imports.logs import LIMITS, by_keys, by_name, event, surveyed, trace


def test_statuses_and_moves_stand_in_the_order_of_the_file():
    survey = surveyed(
        trace("A", event("open"), event("work"), event("work"), event("closed")),
        trace("B", event("open"), event("closed"), event("open"), event("closed")),
        trace("C", event("open")),
        trace("D"),
    )
    assert survey.statuses == (
        SeenStatus("open", reached=3, ended=1),
        SeenStatus("work", reached=1, ended=0),
        SeenStatus("closed", reached=2, ended=2),
    )
    assert list(survey.moves) == [
        ("open", "work"), ("work", "closed"), ("open", "closed"), ("closed", "open"),
    ]  # fmt: skip
    assert (survey.tasks, survey.records, survey.skipped) == (4, 9, 0)


def test_several_keys_are_joined_and_a_missing_one_takes_the_logs_default():
    how = by_keys("concept:name", "lifecycle:transition", defaults={"lifecycle:transition": "all"})
    read = how.records(
        trace("A", event("Fix", **{"lifecycle:transition": "start"}), event("Fix"), event("\tFix "))
    )
    assert [record.status for record in read] == ["Fix+start", "Fix+all", "Fix +all"]


def test_an_event_that_the_classifier_cannot_name_is_a_fault_of_its_line():
    with pytest.raises(Faulty, match="has no 'org:role'"):
        by_keys("org:role").records(trace("A", event("x")))


def test_a_record_without_a_time_has_that_of_the_one_before():
    records = by_name().records(
        trace("A", event("a"), event("b", at="10:00:00"), event("c"), event("d", at="09:00:00"))
    )
    assert [record.at and record.at.hour for record in records] == [None, 10, 10, 9]


def test_the_first_classifier_of_events_is_the_logs_own():
    first, second = Classifier("first", ("a",)), Classifier("second", ("b",))
    header = Header((first, second))
    assert reading(header, None, LIMITS).classifier is first
    assert reading(header, "second", LIMITS).classifier is second
    assert reading(header, "concept:name", LIMITS).classifier.keys == ("concept:name",)
    assert reading(Header(), None, LIMITS).classifier.keys == ("concept:name",)
    with pytest.raises(Invalid, match="'first', 'second'"):
        reading(header, "third", LIMITS)


def test_attributes_get_the_type_that_holds_all_their_values():
    survey = surveyed(
        trace("A", event("x", n=1, mixed=1, day={"date": "2024-03-04T00:00:00Z"}), whole=True),
        trace("B", event("x", n=2.5, mixed="two", parts={"list": []}, odd={"id": "7"})),
        trace("C", event("x", n={"value": 3, "attributes": {}}), whole=False),
    )
    assert list(survey.attributes.items()) == [
        ("whole", "checkbox"),
        ("n", "number"),
        ("mixed", "text"),
        ("day", "date"),
        ("odd", "text"),
    ]


def test_what_nothing_else_shows_becomes_a_field():
    how = by_keys("lifecycle:transition")
    survey = surveyed(
        trace(
            "A",
            event("x", "Ann", "09:00:00", **{"lifecycle:transition": "start", "org:role": "r"}),
            site="Kiel",
        ),
        how=how,
    )
    assert list(survey.attributes) == ["site", "concept:name", "org:role"]


def test_people_are_known_by_their_names_without_the_blanks_around_them():
    survey = surveyed(
        trace("A", event("x", "Ann"), event("x", " Ann"), event("x", ""), event("x", "Bo"))
    )
    assert list(survey.people) == ["Ann", "Bo"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (trace(" ", event("x")), "has no concept:name"),
        (trace("n" * 501, event("x")), "longer than 500"),
        (trace("A", event("x")), "a trace of this name begins at line 1001 already"),
        (trace("B", event(" ")), "has no 'concept:name'"),
        (trace("B", event("s" * 201)), "its status is longer than 200"),
        (trace("B", event("x", "p" * 201)), "its org:resource is longer than 200"),
        (trace("B", event("x", at="25:00:00")), "not a date and time"),
    ],
)
def test_a_trace_that_cannot_come_in_counts_for_nothing_but_is_told(bad, reason):
    survey = surveyed(trace("A", event("x")), bad)
    (fault,) = survey.faults
    assert reason in fault.reason
    assert fault.records == survey.skipped == 1
    assert (survey.tasks, survey.records) == (2, 2)
    assert [status.reached for status in survey.statuses] == [1]
    assert not survey.people


def test_traces_of_one_name_are_found_in_one_line_as_well():
    one = trace("A", event("x"))
    survey = Survey(by_name())
    for ordinal in (1, 2):
        survey.add(replace(one, ordinal=ordinal))
    assert [fault.reason for fault in survey.faults] == [
        "a trace of this name begins at line 1 already"
    ]


def test_what_the_file_itself_broke_is_counted_too():
    survey = surveyed()
    survey.add(Broken(9, 7, "A", 3, "cut"))
    survey.add(Broken(12, None, None, 0, "cut"))
    assert (survey.tasks, survey.records, survey.skipped, len(survey.faults)) == (1, 3, 3, 2)


def test_more_statuses_than_a_project_may_have_are_refused_by_the_classifiers_name():
    many = [event(f"status {number}") for number in range(4)]
    with pytest.raises(Refused, match=r"'concept:name'.*more than 3 statuses.*--classifier"):
        surveyed(trace("A", *many), how=by_name(Limits(statuses=3)))
