"""The history of fields says what the states of a stream say."""

from dataclasses import fields

from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskDescribed,
    TaskFieldsChanged,
    TaskPrioritised,
    TaskRanked,
    TaskRetitled,
    TaskStatusChanged,
)
from domain.task.state import Task
from domain.values.recorded import Origin, Recorded
from domain.values.text import ERASED
from projections.field_history import _FIELDS, asked_field, field_history
from tests.domain.given import ANN, BOB, stamp

CREATED = TaskCreated(
    project_id="proj_1", project_key="WEB", title="Paint it", description="Red", status="todo",
    status_category="todo", priority=5, rank="a0V", number=1,
)  # fmt: skip
EVENTS = (
    CREATED,
    TaskRetitled(title="Sand it", was="Paint it"),
    TaskDescribed(description=ERASED),
    TaskPrioritised(priority=1, was=5),
    TaskAssigned(assignee_ids=(BOB,), was=()),
    TaskStatusChanged(status="done", category="done", was="todo", was_category="todo", rank="b0V"),
    TaskRanked(rank="c0V", was="b0V"),
    TaskFieldsChanged(fields={"size": 3, "words": "few"}, was={"size": None, "words": None}),
    object(),
)
RECORDED = [
    Recorded(event, type(event).__name__, stamp(n), f"{n:032x}", Origin(ANN))
    for n, event in enumerate(EVENTS, 1)
]

# What is no field of its own: ids, who and when, and what goes with a field that is shown.
ELSEWHERE = {
    "task_id", "workspace_id", "external_id", "project_key", "number", "status_category",
    "status_since", "rank", "priority", "creator_id", "created_at", "updated_at", "updated_by",
    "version", "position", "title_author", "description_author", "completed_at", "fields",
    "field_authors", "imported", "imported_digest", "former_keys", "trashed_with", "dependencies",
    "recurrence_id", "purged_at",
}  # fmt: skip


def test_every_change_of_a_field_is_an_entry_the_newest_first():
    said = [(each.field, each.old_value, each.new_value) for each in field_history(RECORDED)]
    people = said.pop(4)
    assert (people[0], people[1], [each.user_id for each in people[2]]) == ("assignees", [], [BOB])
    assert said == [
        ("fields.size", None, 3),
        ("fields.words", None, "few"),
        ("rank", "b0V", "c0V"),
        ("status", "todo", "done"),
        ("priority", "medium", "critical"),
        ("description", "Red", None),
        ("title", "Paint it", "Sand it"),
    ]
    assert [each.field for each in field_history(RECORDED) if each.erased] == ["description"]


def test_fields_are_asked_for_by_every_name_that_bodies_have_for_them():
    for asked, field in (
        ("priority_level", "priority"), ("assignee_id", "assignees"), ("fields", "fields.size"),
        ("fields.size", "fields.size"), ("title", "title"),
    ):  # fmt: skip
        name = asked_field(asked)
        assert name is not None
        assert field_history(RECORDED, (name,))[0].field == field
    assert asked_field("wish") is None


def test_every_field_of_a_task_is_in_its_history_or_said_not_to_be():
    """A new field of the state is shown by `projections.field_history`, or named here."""
    assert {each.name for each in fields(Task)} - set(_FIELDS) == ELSEWHERE
