"""Lists by custom fields: every type, every condition, every order, against a naive oracle."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import Invalid
from domain.task.events import TaskFieldsChanged
from infra.postgres.pool import Pool
from infra.postgres.views import task_hits
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskQueries
from projections.custom_fields import FieldAsked, FieldSort
from projections.questions import Page, Scope
from projections.task_questions import Sort, TaskFilter
from tests.infra.views.task_pasts import FAR, WEB, WS1, WS2, a_past
from tests.infra.views.written import Written
from tests.projections.history import History

SCOPE = Scope(workspaces=(WS1,))
OPTIONS = ("s", "m", "l")

VALUES: dict[str, list[Any]] = {
    "note": [None, "", "Alpha", "alpha", "Beta", "x" * 3_000],
    "points": [None, 0, 3, 3.5, -2, 1e300, 2**62],
    "when": [None, "2026-03-01", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00.5Z", "2026-03-02"],
    "size": [None, *OPTIONS, "xl"],
    "areas": [None, ("api",), ("web", "api"), ()],
    "lead": [None, "user_a", "user_b"],
    "ready": [None, True, False],
    "link": [None, "https://a.example/", "https://b.example/"],
    # What stands there is of a type that the field has no more.
    "odd": [None, 1, "one", True, ("one",)],
}


@pytest.fixture
def queries(pool: Pool, pointers: Pointers, written: Written) -> TaskQueries:
    return TaskQueries(pool, pointers, written.log_id)


def with_fields(tasks: int = 60) -> History:
    """Some tasks have none, some had them and lost them, some are made with them."""
    past = a_past(tasks)
    chance = random.Random(11)
    for number in range(tasks + 1, tasks + 30):
        past.task(number, WEB, fields={"size": chance.choice(OPTIONS), "points": number % 4})
    for stream, state in list(past.states.items()):
        if stream.startswith("task_") and chance.random() < 0.7:
            keys = chance.sample(sorted(VALUES), 5)
            fields = {key: chance.choice(VALUES[key]) for key in keys}
            was = {key: state.fields.get(key) for key in fields}  # type: ignore[union-attr]
            past.change(stream, TaskFieldsChanged(fields=fields, was=was))
    return past


def meeting(past: History, condition: Callable[[Any], bool], key: str) -> set[str]:
    return {
        stream
        for stream, state in past.states.items()
        if stream.startswith("task_")
        and state.workspace_id == WS1  # type: ignore[union-attr]
        and not state.trashed  # type: ignore[union-attr]
        and condition(state.fields.get(key))  # type: ignore[union-attr]
    }


async def listed(queries: TaskQueries, asked: FieldAsked, **other: Any) -> set[str]:
    listing = await queries.list(
        SCOPE, TaskFilter(fields=(asked,), **other), page=Page(limit=1_000)
    )
    return {each["id"] for each in json.loads(b"[%b]" % listing.docs)}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


CASES: list[tuple[FieldAsked, Callable[[Any], bool]]] = [
    (FieldAsked(key="note", type="text", one_of=("alpha",)), lambda v: v == "alpha"),
    (FieldAsked(key="note", type="text", one_of=("x" * 3_000,)), lambda v: v == "x" * 3_000),
    (FieldAsked(key="note", type="text", empty=True), lambda v: v in (None, "")),
    (FieldAsked(key="points", type="number", one_of=("3",)), lambda v: v == 3),
    (FieldAsked(key="points", type="number", one_of=("3.5", "-2.0")), lambda v: v in (3.5, -2)),
    (FieldAsked(key="points", type="number", one_of=(str(2**62),)), lambda v: v == 2**62),
    (FieldAsked(key="points", type="number", least="0", most="3"),
     lambda v: v is not None and 0 <= v <= 3),
    (FieldAsked(key="points", type="number", least="1e299"), lambda v: (v or 0) >= 1e299),
    (FieldAsked(key="when", type="date", one_of=("2026-03-01",)),
     lambda v: (v or "").startswith("2026-03-01")),
    (FieldAsked(key="when", type="date", least="2026-03-01T09:00:00"),
     lambda v: v is not None and v[:19] >= "2026-03-01T09:00:00"),
    (FieldAsked(key="when", type="date", most="2026-03-01T23:59:59"),
     lambda v: v is not None and v < "2026-03-02"),
    (FieldAsked(key="size", type="choice", one_of=("s", "xl")), lambda v: v in ("s", "xl")),
    (FieldAsked(key="areas", type="choices", one_of=("web", "ops")), lambda v: "web" in (v or ())),
    (FieldAsked(key="areas", type="choices", empty=False), bool),
    (FieldAsked(key="lead", type="user", one_of=("user_a",)), lambda v: v == "user_a"),
    (FieldAsked(key="ready", type="checkbox", one_of=("false",)), lambda v: v is False),
    (FieldAsked(key="link", type="url", one_of=("https://a.example/",)),
     lambda v: v == "https://a.example/"),
    (FieldAsked(key="odd", type="number", least="0"), is_number),
    (FieldAsked(key="odd", type="checkbox", one_of=("true",)), lambda v: v is True),
    (FieldAsked(key="odd", type="text", one_of=("one",)), lambda v: v == "one"),
    (FieldAsked(key="size", type="choice", one_of=()), lambda v: False),
]  # fmt: skip


@pytest.mark.parametrize("hits", [0, 1_000], ids=["rows", "index"])
async def test_every_condition_meets_what_it_says(
    queries: TaskQueries, written: Written, hits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_hits, "MOST_HITS", hits)
    past = with_fields()
    await written.write(past)
    wrong = {}
    for asked, condition in CASES:
        expected = meeting(past, condition, asked.key)
        if await listed(queries, asked) != expected:
            wrong[str(asked)] = expected
    assert not wrong
    size = FieldAsked(key="size", type="choice", one_of=("s",))
    points = FieldAsked(key="points", type="number", least="2")
    both = await queries.list(SCOPE, TaskFilter(fields=(size, points)), page=Page(limit=1_000))
    assert {each["id"] for each in json.loads(b"[%b]" % both.docs)} == meeting(
        past, lambda v: v == "s", "size"
    ) & meeting(past, lambda v: v is not None and v >= 2, "points")


SORTS: list[tuple[FieldSort, Callable[[Any], Any]]] = [
    (FieldSort("note", "text"), lambda v: v.lower()[:200] if v else None),
    (FieldSort("points", "number"), lambda v: None if v is None else float(v)),
    (FieldSort("when", "date"), lambda v: v[:19] if v else None),
    (FieldSort("size", "choice", OPTIONS), lambda v: OPTIONS.index(v) if v in OPTIONS else None),
    (FieldSort("areas", "choices", ("web", "api")),
     lambda v: ("web", "api").index(v[0]) if v else None),
    (FieldSort("ready", "checkbox"), lambda v: None if v is None else int(v)),
    (FieldSort("odd", "number"), lambda v: float(v) if is_number(v) else None),
]  # fmt: skip


async def test_pages_by_a_field_miss_and_repeat_nothing_and_end_with_those_without(
    queries: TaskQueries, written: Written
) -> None:
    past = with_fields()
    await written.write(past)
    for field, key in SORTS:
        for descending in (False, True):
            sort = Sort(descending=descending, field=field)
            seen = await every(queries, sort)
            assert seen == in_order(past, field.key, key, descending), (field, descending)
            after = await queries.list(SCOPE, TaskFilter(), sort, Page(limit=3, after_id=seen[3]))
            assert [each["id"] for each in json.loads(b"[%b]" % after.docs)] == seen[4:7]
    first = await queries.list(SCOPE, TaskFilter(), sort, Page(limit=7))
    with pytest.raises(Invalid):
        await queries.list(SCOPE, TaskFilter(), Sort(), Page(limit=7, cursor=first.next_cursor))


async def every(queries: TaskQueries, sort: Sort) -> list[str]:
    """Page by page."""
    seen, cursor = list[str](), None
    while True:
        listing = await queries.list(SCOPE, TaskFilter(), sort, Page(limit=11, cursor=cursor))
        seen += [each["id"] for each in json.loads(b"[%b]" % listing.docs)]
        cursor = listing.next_cursor
        if cursor is None:
            return seen


def in_order(past: History, field: str, key: Callable[[Any], Any], descending: bool) -> list[str]:
    tasks = sorted(meeting(past, lambda _: True, field), reverse=descending)
    values = {each: key(past.state_of(each).fields.get(field)) for each in tasks}
    there = [each for each in tasks if values[each] is not None]
    ordered = sorted(there, key=lambda each: values[each], reverse=descending)
    return [*ordered, *(each for each in tasks if values[each] is None)]


async def test_nothing_of_another_workspace_is_met(queries: TaskQueries, written: Written) -> None:
    past = with_fields()
    past.task(200, FAR, fields={"size": "s"})
    await written.write(past)
    asked = TaskFilter(fields=(FieldAsked(key="size", type="choice", one_of=("s",)),))
    both = await queries.list(Scope(workspaces=(WS1, WS2)), asked, page=Page(limit=1_000))
    mine = await queries.list(SCOPE, asked, page=Page(limit=1_000))
    theirs = await queries.list(Scope(workspaces=(WS2,)), asked, page=Page(limit=1_000))
    assert both.count == mine.count + theirs.count
    for listing, workspace_id in ((mine, WS1), (theirs, WS2)):
        docs = json.loads(b"[%b]" % listing.docs)
        assert {each["workspace_id"] for each in docs} == {workspace_id}
