"""What a trace makes of its task."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from commands.imports.event_log import Trace
from commands.imports.plan_trace import (
    Case,
    Destination,
    HistoryChanged,
    Planned,
    creation,
    first_new,
    history,
)
from domain.project.fields import FieldDefinition, FieldValue
from domain.project.workflow import Status
from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskFieldsChanged,
    TaskRecordImported,
    TaskRetitled,
    TaskStatusChanged,
)
from domain.task.state import TASK, Task
from domain.values.limits import Limits
from domain.values.stamp import Stamp
from tests.commands.imports.logs import LIMITS, by_keys, by_name, case_of, event, trace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IMPORTER = "user_importer"
PEOPLE = {"Ann": "user_ann", "Bo": "user_bo", "Cy": "user_cy"}


def destination(fields: dict[str, str] | None = None) -> Destination:
    names = ("open", "work", "closed")
    statuses = {
        name: Status(key=f"{name}_key", name=name, category=category)
        for name, category in zip(names, ("todo", "in_progress", "done"), strict=True)
    }
    definitions = {
        name: FieldDefinition(field_id=f"fld_{name}", key=f"{name}_key", name=name, type=type_)
        for name, type_ in (fields or {}).items()
    }
    return Destination(
        project_key="LOG",
        initial=statuses["open"],
        statuses=statuses,
        fields_of_trace=definitions,
        fields_of_event=definitions,
        people=PEOPLE,
        source="xes",
        importer=IMPORTER,
    )


def folded(planned: list[Planned], state: Task | None = None) -> Task:
    first = 1 if state is None else state.version + 1
    for version, each in enumerate(planned, first):
        stamp = Stamp(
            "ws_1", "task_1", version, IMPORTER, NOW,
            occurred_at=each.at, author=each.person, authors=each.authors,
        )  # fmt: skip
        state = TASK.evolve(state, each.event, stamp)
    assert state is not None
    return state


def planned(
    case: Case,
    to: Destination,
    upto: int | None = None,
    defaults: Mapping[str, FieldValue] | None = None,
) -> list[Planned]:
    made = [creation(case, to, "proj_1", LIMITS, "1", NOW, defaults or {})]
    records = case.records[:upto]
    return made + list(history(case, records, folded(made), to, LIMITS, lambda: "1", NOW))


def names(some: list[Planned]) -> list[str]:
    return [type(each.event).__name__.removeprefix("Task") for each in some]


def test_a_task_is_made_in_its_first_records_status_and_stands_where_the_last_left_it():
    how = by_name()
    case = case_of(
        trace(
            "HL-1",
            event("work", "Ann", "09:00:00"),
            event("work", "Ann", "09:30:00"),
            event("closed", "Bo", "08:00:00"),
            event("open"),
        ),
        how,
    )
    some = planned(case, destination())
    assert names(some) == [
        "Created", "RecordImported", "RecordImported",
        "RecordImported", "StatusChanged", "Assigned",
        "RecordImported", "StatusChanged",
    ]  # fmt: skip
    made = some[0].event
    assert isinstance(made, TaskCreated)
    assert (made.title, made.external_id, made.status) == ("HL-1", "HL-1", "work_key")
    assert made.assignee_ids == ("user_ann",)
    assert [each.at and each.at.hour for each in some] == [9, 9, 9, 8, 8, 8, 8, 8]
    task = folded(some)
    assert (task.status, task.status_category) == ("open_key", "todo")
    assert task.assignee_ids == ("user_bo",)
    assert task.imported == 4
    assert task.created_at == datetime(2024, 3, 4, 9, tzinfo=UTC)


def test_each_record_is_kept_whole_with_the_person_apart():
    how = by_name()
    case = case_of(
        trace(
            "A",
            event("open", "Ann", "09:00:00", **{"lifecycle:transition": "start", "cost": 3}),
            event("work", cost={"list": [["x", 1]]}),
        ),
        how,
    )
    first, second = (
        each.event
        for each in planned(case, destination())
        if isinstance(each.event, TaskRecordImported)
    )
    assert replace(first, digest="") == TaskRecordImported(
        source="xes",
        ordinal=1,
        status="open",
        was=None,
        activity="open",
        lifecycle="start",
        resource_id="user_ann",
        resource="Ann",
        attributes={
            "concept:name": "open",
            "time:timestamp": {"date": "2024-03-04T09:00:00Z"},
            "lifecycle:transition": "start",
            "cost": 3,
        },
    )
    assert (second.was, second.resource, second.resource_id) == ("open", None, None)
    assert second.attributes["cost"] == {"list": [["x", 1]]}  # type: ignore[index]
    assert first.digest != second.digest


def test_a_field_of_which_the_file_says_nothing_gets_its_default():
    how = by_keys("concept:name")
    to = destination({"site": "text", "cost": "number"})
    case = case_of(trace("A", event("open"), event("work", cost=2), site="Kiel"), how)
    defaults = {"site_key": "Bonn", "cost_key": 1, "size_key": "s"}
    created, *rest = planned(case, to, defaults=defaults)
    assert isinstance(created.event, TaskCreated)
    assert created.event.fields == {"site_key": "Kiel", "size_key": "s"}
    (changed,) = [each.event for each in rest if isinstance(each.event, TaskFieldsChanged)]
    assert (changed.fields, changed.was) == ({"cost_key": 2}, {"cost_key": None})


def test_fields_change_only_with_what_a_record_says():
    how = by_keys("concept:name")
    to = destination({"site": "text", "cost": "number", "due": "date", "paid": "checkbox"})
    case = case_of(
        trace(
            "A",
            event("open", "Ann", cost=1, due={"date": "2024-03-05T01:00:00+01:00"}, note="unknown"),
            event("open", "Ann"),
            event("open", "Ann", cost=2.5, paid=True, site="x" * 20_000),
            event("open", "Ann", cost=2.5, site=""),
            site="Kiel",
        ),
        how,
    )
    some = planned(case, to)
    made = some[0].event
    assert isinstance(made, TaskCreated)
    assert made.fields == {"site_key": "Kiel", "cost_key": 1, "due_key": "2024-03-05T00:00:00Z"}
    changes = [each.event for each in some if isinstance(each.event, TaskFieldsChanged)]
    assert changes == [
        TaskFieldsChanged(
            fields={"cost_key": 2.5, "paid_key": True, "site_key": "x" * LIMITS.field_text},
            was={"cost_key": 1, "paid_key": None, "site_key": "Kiel"},
        ),
        TaskFieldsChanged(fields={"site_key": None}, was={"site_key": "x" * LIMITS.field_text}),
    ]
    assert "site_key" not in folded(some).fields


def test_what_stood_there_is_sealed_under_whoever_wrote_it():
    how = by_name()
    to = destination({"a": "text", "b": "text"})
    case = case_of(
        trace(
            "A",
            event("open", "Ann", a="1", b="1"),
            event("open", "Bo", a="2"),
            event("open", "Cy", a="3", b="3"),
        ),
        how,
    )
    some = planned(case, to)
    assert some[0].authors == {"fields": "user_ann"}
    changes = [each for each in some if isinstance(each.event, TaskFieldsChanged)]
    assert [(each.person, each.event.fields, each.authors) for each in changes] == [
        ("user_bo", {"a_key": "2"}, {"was": "user_ann"}),
        ("user_cy", {"a_key": "3"}, {"was": "user_bo"}),
        ("user_cy", {"b_key": "3"}, {"was": "user_ann"}),
    ]
    assert folded(some).field_authors == {"a_key": "user_cy", "b_key": "user_cy"}
    # The same where the last record comes with a later file.
    before = folded(planned(case, to, upto=2))
    rest = history(case, case.records[2:], before, to, LIMITS, lambda: "1", NOW)
    assert [each.authors for each in rest if isinstance(each.event, TaskFieldsChanged)] == [
        {"was": "user_bo"},
        {"was": "user_ann"},
    ]


def test_what_no_person_of_the_file_wrote_is_the_importers():
    how = by_name()
    to = destination({"a": "text"})
    case = case_of(trace("A", event("open", a="1"), event("open", "Bo", a="2")), how)
    (change,) = (each for each in planned(case, to) if isinstance(each.event, TaskFieldsChanged))
    assert (change.person, change.authors) == ("user_bo", {"was": IMPORTER})


def test_what_people_wrote_since_is_theirs():
    how = by_name()
    to = destination({"a": "text"})
    first = event("open", "Ann", a="1")
    state = folded(planned(case_of(trace("A", first), how), to))
    edited = TaskFieldsChanged(fields={"a_key": "mine"}, was={"a_key": "1"})
    state = folded([Planned(edited, None, "user_x")], state)
    grown = case_of(trace("A", first, event("open", "Bo", a="2")), how)
    rest = history(grown, grown.records[1:], state, to, LIMITS, lambda: "1", NOW)
    (change,) = (each for each in rest if isinstance(each.event, TaskFieldsChanged))
    assert change.event == TaskFieldsChanged(fields={"a_key": "2"}, was={"a_key": "mine"})
    assert change.authors == {"was": "user_x"}


def test_fields_take_no_more_room_than_a_task_has():
    how = by_name()
    to = destination({"a": "text", "b": "text", "c": "text"})
    case = case_of(trace("A", event("open", a="x" * 60, b="y" * 60, c="z" * 20)), how)
    made = creation(case, to, "proj_1", Limits(fields_bytes=100), "1", NOW, {}).event
    assert isinstance(made, TaskCreated)
    assert made.fields == {"a_key": "x" * 60}


def test_a_trace_without_events_is_a_task_where_new_ones_begin():
    how = by_name()
    (only,) = planned(case_of(trace("A"), how), destination())
    assert isinstance(only.event, TaskCreated)
    assert only.event.status == "open_key"
    assert only.at is None


def test_a_file_that_has_grown_adds_only_what_is_new():
    how = by_name()
    to = destination()
    one, two, three = event("open", "Ann"), event("work", "Ann"), event("closed", "Bo")
    state = folded(planned(case_of(trace("A", one, two), how), to))
    grown = case_of(trace("A", one, two, three), how)
    assert first_new(grown, state) == 2
    rest = list(history(grown, grown.records[2:], state, to, LIMITS, lambda: "1", NOW))
    assert names(rest) == ["RecordImported", "StatusChanged", "Assigned"]
    original = rest[0].event
    assert isinstance(original, TaskRecordImported)
    assert (original.ordinal, original.was) == (3, "work")
    assert first_new(grown, folded(rest, state)) == 3


def test_what_people_changed_since_is_where_new_records_go_on_from():
    how = by_name()
    to = destination()
    state = folded(planned(case_of(trace("A", event("open", "Ann")), how), to))
    moved = TaskStatusChanged(
        status="closed_key", category="done", was="open_key", was_category="todo", rank="a1"
    )
    assigned = TaskAssigned(assignee_ids=("user_x", "user_y"), was=("user_ann",))
    state = folded([Planned(moved, None, None), Planned(assigned, None, None)], state)
    grown = case_of(trace("A", event("open", "Ann"), event("work", "Ann")), how)
    rest = list(history(grown, grown.records[1:], state, to, LIMITS, lambda: "1", NOW))
    changed, given = rest[1].event, rest[2].event
    assert isinstance(changed, TaskStatusChanged)
    assert isinstance(given, TaskAssigned)
    assert (changed.was, changed.status) == ("closed_key", "work_key")
    assert given.was == ("user_x", "user_y")


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (trace("A", event("open", "Ann")), "has 1 records of it, and 2 were imported"),
        (trace("A", event("open", "Bo"), event("work")), "its first 2 records are not those"),
        (trace("A", event("work"), event("open", "Ann")), "its first 2 records are not those"),
        (trace("A", event("open", "Ann"), event("work", n=1)), "its first 2 records are not those"),
    ],
)
def test_a_history_that_reads_otherwise_now_is_refused(later: Trace, reason: str):
    how = by_name()
    first = case_of(trace("A", event("open", "Ann"), event("work")), how)
    state = folded(planned(first, destination()))
    with pytest.raises(HistoryChanged, match=reason):
        first_new(case_of(later, how), state)


def test_other_changes_of_a_task_do_not_touch_what_is_known_of_its_import():
    how = by_name()
    case = case_of(trace("A", event("open")), how)
    state = folded(planned(case, destination()))
    renamed = folded([Planned(TaskRetitled(title="B", was="A"), None, None)], state)
    assert first_new(case, renamed) == 1


def test_cards_stand_in_the_order_in_which_they_came_into_their_column():
    how = by_name()
    to = destination()
    early = case_of(trace("A", event("open", at="08:00:00"), event("work", at="09:00:00")), how)
    late = case_of(trace("B", event("work", at="08:59:59"), event("work", at="10:00:00")), how)
    old = case_of(trace("C", event("work", **{"time:timestamp": {"date": "1066-10-14"}})), how)
    ranks = [folded(planned(case, to)).rank for case in (old, late, early)]
    assert ranks == sorted(ranks)
