"""Conditions of queries on tasks, present and past, against a naive oracle; orders by several."""

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from domain.project.workflow import Status
from domain.task.events import (
    TaskAssigned,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskPrioritised,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
)
from domain.task.state import Task
from infra.postgres.pool import Pool
from infra.postgres.views import history_hits
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskQueries
from projections.custom_fields import FieldAsked, FieldSort
from projections.intervals import as_value
from projections.query.conditions import (
    All,
    ChangedSo,
    FieldSays,
    Lacks,
    Measured,
    Not,
    OneOf,
    Some,
    Stood,
    Titled,
    WasSo,
    When,
    Within,
)
from projections.questions import Page, Scope
from projections.task_questions import MeantTag, Sort, SortBy, TaskFilter
from tests.infra.views.task_pasts import ADA, BOB, IMPORTED, OPS, WEB, WS1, a_past, tasks_of
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, STATUSES, History, made_id
from tests.projections.naive_past import Stay, stays
from tests.real import Database

SCOPE = Scope(workspaces=(WS1,))
DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=BEGAN.tzinfo)

Oracle = Callable[[Task], bool]


@pytest.fixture
def queries(pool: Pool, pointers: Pointers, written: Written) -> TaskQueries:
    return TaskQueries(pool, pointers, written.log_id)


def eventful(tasks: int = 45) -> History:
    """Fields that change again and again, some in the past of an import, some never."""
    past, chance = a_past(tasks), random.Random(5)
    for number in range(300):
        task_id = made_id("task", chance.randint(1, tasks - 8))
        task = past.state_of(task_id)
        if task.project_id == OPS and chance.random() < 0.3:
            continue
        event = _event(task, chance)
        who, at = chance.choice([ADA, BOB]), BEGAN + timedelta(hours=1 + number)
        if isinstance(event, TaskMovedToProject):  # what it cannot keep changes just before
            past.change(task_id, _into(IMPORTED[0], task), actor=who, recorded_at=at)
        occurred_at = chance.choice([None, None, BEGAN + timedelta(minutes=10 + number)])
        past.change(task_id, event, actor=who, recorded_at=at, occurred_at=occurred_at)
    for number in range(200, 212):
        _with_fields(past, number, chance)
    return past


def _with_fields(past: History, number: int, chance: random.Random) -> None:
    """A task whose custom fields change, or stay as they were when it was made."""
    values: dict[str, list[Any]] = {"size": [None, "S", "L"], "kinds": [None, ("a",), ("a", "b")]}
    begun = {key: chance.choice(those) for key, those in values.items()}
    given = {key: value for key, value in begun.items() if value is not None}
    task_id = past.task(number, WEB, fields=given, actor=chance.choice([ADA, BOB]))
    for step in range(chance.choice([0, 0, 1, 3])):
        key = chance.choice(list(values))
        value, was = chance.choice(values[key]), past.state_of(task_id).fields.get(key)
        if value != was:
            changed = TaskFieldsChanged(fields={key: value}, was={key: was})
            at, who = BEGAN + timedelta(hours=50 + 60 * step), chance.choice([ADA, BOB])
            past.change(task_id, changed, actor=who, recorded_at=at)


def _into(status: Status, task: Task) -> TaskStatusChanged:
    return TaskStatusChanged(
        status=status.key, category=status.category, was=task.status,
        was_category=task.status_category, rank="h",
    )  # fmt: skip


def _event(task: Task, chance: random.Random) -> Any:
    status = chance.choice(IMPORTED if task.project_id == OPS else STATUSES)
    moved = TaskMovedToProject(
        project_id=OPS, project_key="OPS", rank="h", was_project_id=task.project_id,
        was_project_key=task.project_key, was_number=task.number or 0, was_status=task.status,
        was_rank="h", number=1_000 + task.version,
    )  # fmt: skip
    due = chance.choice([None, BEGAN, BEGAN + DAY])
    choices: list[Any] = [
        _into(status, task),
        TaskAssigned(assignee_ids=chance.choice([(), (ADA,), (BOB, ADA)]), was=task.assignee_ids),
        TaskTagged(tags=chance.choice([(), ("red",), ("blue", "red")]), was=task.tags),
        TaskPrioritised(priority=chance.choice([1, 5]), was=task.priority),
        TaskDueDateChanged(
            due_date=due, due_all_day=False, was=task.due_date, was_all_day=task.due_all_day
        ),
        TaskEstimateChanged(estimate=chance.choice([None, 2, 0.5]), was=task.estimate),
        TaskStartDateChanged(start_date=chance.choice([None, BEGAN]), was=task.start_date),
    ]  # fmt: skip
    if task.project_id == WEB and chance.random() < 0.1:
        return moved
    return chance.choice([*choices[:2], *choices[:2], *choices])


PRESENT: list[tuple[Any, Oracle]] = [
    (All(()), lambda task: True),
    (Some(()), lambda task: False),
    (TaskFilter(statuses=("open",)), lambda task: task.status_category != "done"),
    (TaskFilter(unassigned=True), lambda task: not task.assignee_ids),
    (TaskFilter(q="alpha log"), lambda task: str(task.title).lower().startswith("alpha")),
    (Within(field="due", end=BEGAN + DAY),
     lambda task: task.due_date is not None and task.due_date < BEGAN + DAY),
    (Within(field="due", first=BEGAN + DAY, end=BEGAN + 2 * DAY),
     lambda task: task.due_date == BEGAN + DAY),
    (Within(field="start"), lambda task: task.start_date is not None),
    (Within(field="start", first=BEGAN + timedelta(seconds=1)), lambda task: False),
    (Within(field="updated", first=BEGAN + timedelta(hours=2)),
     lambda task: task.updated_at >= BEGAN + timedelta(hours=2)),
    (Measured(least=1, most=2), lambda task: task.estimate == 2),
    (Measured(most=1), lambda task: task.estimate == 0.5),
    (Lacks("due"), lambda task: task.due_date is None),
    (Lacks("start"), lambda task: task.start_date is None),
    (Lacks("estimate"), lambda task: task.estimate is None),
    (Lacks("label"), lambda task: not task.tags),
    (Lacks("parent"), lambda task: True),
    (Titled(("OG", "alph")), lambda task: "log" in str(task.title).lower()),
    (Titled(("GRÖSSER",), whole=True), lambda task: task.title == "größer"),
    (Titled(("Beta",), whole=True), lambda task: task.title == "Beta"),
    (OneOf((made_id("task", 3), "task_none")), lambda task: task.task_id == made_id("task", 3)),
    (FieldSays("note", ("PH", "al")), lambda task: "alph" in str(task.fields.get("note")).lower()),
    (Some((TaskFilter(priorities=(1,)), Not(TaskFilter(assignee_ids=(ADA,))))),
     lambda task: task.priority == 1 or ADA not in task.assignee_ids),
]  # fmt: skip


def was(past: History, asked: WasSo, values: set[str]) -> Oracle:
    when = asked.when

    def holds(task: Task) -> bool:
        if when.end is not None and not when.recorded and task.created_at >= when.end:
            return False
        return any(
            stay.value in values
            and (when.end is None or stay.first < when.end)
            and (when.first is None or (stay.end or NEVER) > when.first)
            and (when.by is None or stay.by in when.by)
            for stay in stays(past, task.task_id, asked.field)
        )

    return holds


def changed(past: History, asked: ChangedSo, was: set[str] | None, now: set[str] | None) -> Oracle:
    when = asked.when

    def within(at: datetime | None, by: str | None) -> bool:
        return (
            at is not None
            and (when.first is None or at >= when.first)
            and (when.end is None or at < when.end)
            and (when.by is None or by in when.by)
        )

    def holds(task: Task) -> bool:
        if when.end is not None and task.created_at >= when.end:
            return False
        of_field = stays(past, task.task_id, asked.field)
        ended = [each for each in of_field if within(each.end, each.end_by)]
        begun = [each for each in of_field if not each.made and within(each.first, each.by)]
        if was is None and now is None:
            return bool(ended or begun)
        if was is None:
            return any(each.value in (now or ()) for each in begun)
        left = [each for each in ended if each.value in was]
        if now is None:
            return bool(left)
        return any(_follows(stay, of_field, now) for stay in left)

    return holds


def _follows(left: Stay, of_field: list[Stay], now: set[str]) -> bool:
    return any(each.position == left.end_position and each.value in now for each in of_field)


SOON, LATER = BEGAN + timedelta(hours=60), BEGAN + timedelta(hours=200)
DURING = When(first=SOON, end=LATER)
BY_BOB = When(by=(BOB,))

# Names of categories where no status has that key.
DONE, TODO = {"done", "closed"}, {"todo", "queued"}


def _now(key: str, kind: str, value: str | None, empty: bool = False) -> Some:
    """What asks the same of today."""
    asked = [FieldAsked(key=key, type=kind, empty=True)] if empty else []
    if value is not None:
        asked.append(FieldAsked(key=key, type=kind, one_of=(value,)))
    return Some(tuple(TaskFilter(fields=(each,)) for each in asked))


# The values that are meant, spelt out for the oracle.
PAST: list[tuple[WasSo, set[str]]] = [
    (WasSo("status", Stood(statuses=("in_review",)), When()), {"in_review"}),
    (WasSo("status", Stood(statuses=("In review", "gone")), When(end=SOON)), {"in_review"}),
    (WasSo("status", Stood(statuses=("done",)), DURING), DONE),
    (WasSo("status", Stood(statuses=("done",)), When(first=LATER)), DONE),
    (WasSo("status", Stood(statuses=("todo",)), BY_BOB), TODO),
    (WasSo("status", Stood(statuses=("todo",)), When(by=())), TODO),
    (WasSo("assignee", Stood(values=(ADA,)), When(first=SOON, by=(ADA,))), {ADA}),
    (WasSo("assignee", Stood(values=("",)), DURING), {""}),
    (WasSo("assignee", Stood(values=("", BOB)), When(end=SOON)), {"", BOB}),
    (WasSo("priority", Stood(values=("5",)), When(end=SOON, by=(BOB,))), {"5"}),
    (WasSo("priority", Stood(values=("1",)), When(first=LATER)), {"1"}),
    (WasSo("project", Stood(values=(WEB,)), When()), {WEB}),
    (WasSo("project", Stood(values=(OPS,)), When(end=SOON)), {OPS}),
    (WasSo("type", Stood(values=("task",)), When()), {"task"}),
    (WasSo("type", Stood(values=("bug",)), BY_BOB), {"bug"}),
    (WasSo("label", Stood(labels=("crimson", "blue"), meant=(MeantTag(WS1, "crimson", ("red",)),)),
           When()), {"red", "blue"}),
    (WasSo("due", Stood(spans=((as_value(BEGAN), as_value(BEGAN + DAY)),)), When(first=SOON)),
     {as_value(BEGAN)}),
    (WasSo("estimate", Stood(values=("0.5",)), When()), {"0.5"}),
    (WasSo("fields.size", Stood(values=("L",)), When(), _now("size", "choice", "L")), {"L"}),
    (WasSo("fields.size", Stood(values=("", "S")), DURING, _now("size", "choice", "S", True)),
     {"", "S"}),
    (WasSo("choices.kinds", Stood(values=("b",)), When(first=SOON), _now("kinds", "choices", "b")),
     {"b"}),
    (WasSo("choices.kinds", Stood(values=("",)), BY_BOB, _now("kinds", "choices", None, True)),
     {""}),
    (WasSo("blocked", Stood(values=("false",)), When()), {"false"}),
]  # fmt: skip

CHANGED: list[tuple[ChangedSo, set[str] | None, set[str] | None]] = [
    (ChangedSo("status", None, None, DURING), None, None),
    (ChangedSo("assignee", Stood(values=(ADA,)), None, When(first=LATER)), {ADA}, None),
    (ChangedSo("assignee", Stood(values=(ADA,)), Stood(values=(BOB,)), When()), {ADA}, {BOB}),
    (ChangedSo("assignee", None, Stood(values=("",)), BY_BOB), None, {""}),
    (ChangedSo("assignee", None, None, BY_BOB), None, None),
    (ChangedSo("status", Stood(statuses=("todo",)), Stood(statuses=("done", "in_review")),
               When(end=LATER)), TODO, {*DONE, "in_review"}),
    (ChangedSo("label", None, None, When(first=LATER)), None, None),
    (ChangedSo("due", Stood(values=("",)), None, When()), {""}, None),
    (ChangedSo("project", None, Stood(values=(OPS,)), When()), None, {OPS}),
    (ChangedSo("fields.size", Stood(values=("S",)), None, When()), {"S"}, None),
    (ChangedSo("fields.size", None, Stood(values=("L",)), When(first=SOON)), None, {"L"}),
    (ChangedSo("choices.kinds", None, None, BY_BOB), None, None),
]  # fmt: skip


async def listed(queries: TaskQueries, where: Any) -> set[str]:
    page = Page(limit=1_000)
    listing = await queries.list(SCOPE, TaskFilter(where=where), page=page)
    return {each["id"] for each in json.loads(b"[%b]" % listing.docs)}


def meeting(past: History, holds: Oracle) -> set[str]:
    here = (task for task in tasks_of(past) if task.workspace_id == WS1 and not task.trashed)
    return {task.task_id for task in here if holds(task)}


@pytest.mark.parametrize("hits", [0, 10_000], ids=["rows", "index"])
async def test_each_condition_and_its_contrary_find_what_they_say(
    queries: TaskQueries, written: Written, hits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_hits, "MOST_HITS", hits)
    past = eventful()
    for number in (40, 41, 43):
        past.task(100 + number, WEB, fields={"note": "Alphabet"})
    await written.write(past)
    everything = meeting(past, lambda _: True)
    cases: list[tuple[Any, Oracle]] = list(PRESENT) if hits else []
    cases += [(asked, was(past, asked, values)) for asked, values in PAST]
    cases += [(asked, changed(past, asked, *ends)) for asked, *ends in CHANGED]
    wrong, told = {}, 0
    for where, holds in cases:
        expected = meeting(past, holds)
        told += 0 < len(expected) < len(everything)
        if await listed(queries, where) != expected:
            wrong[str(where)] = (await listed(queries, where), expected)
        if await listed(queries, Not(where)) != everything - expected:
            wrong[f"not {where}"] = everything - expected
    assert not wrong
    assert told > len(cases) * 0.7  # the others say nothing of whether they are right


async def test_conditions_of_other_clocks_and_workspaces(
    queries: TaskQueries, written: Written
) -> None:
    past = eventful()
    await written.write(past)
    imported = [each for each in past.events if each.stamp.occurred_at is not None]
    then = ChangedSo("status", None, None, When(first=SOON, recorded=True))
    recorded = {
        each.stream
        for each in past.events
        if isinstance(each.event, TaskStatusChanged)
        and each.event.status != each.event.was
        and each.stamp.recorded_at >= SOON
    }
    assert imported
    assert await listed(queries, then) == recorded & meeting(past, lambda _: True)
    elsewhere = Scope(workspaces=(made_id("ws", 2),))
    asked = TaskFilter(where=WasSo("status", Stood(statuses=("todo",)), When()))
    listing = await queries.list(elsewhere, asked, page=Page(limit=1_000))
    found = json.loads(b"[%b]" % listing.docs)
    assert found
    assert {each["workspace_id"] for each in found} == {made_id("ws", 2)}


async def test_a_list_of_the_past_says_what_either_view_has_parked(
    queries: TaskQueries, written: Written, database: Database
) -> None:
    await written.write(eventful(20))
    task_id = made_id("task", 1)
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "INSERT INTO ops.dead_letters (name, version, generation, position, workspace_id,"
            " stream, stream_version, type) SELECT name, version, generation, 1, %s, %s, 1, 'T'"
            " FROM ops.projection_pointers WHERE name = 'intervals'",
            (WS1, task_id),
        )
    past = TaskFilter(where=WasSo("status", Stood(statuses=("todo",)), When()))
    assert (await queries.list(SCOPE, past)).stale == (task_id,)
    assert (await queries.list(SCOPE, TaskFilter())).stale == ()


async def test_orders_by_several_fields_page_without_gap_or_repetition(
    queries: TaskQueries, written: Written
) -> None:
    past = eventful()
    await written.write(past)
    orders = (
        Sort(SortBy.DUE_DATE, True, then=(Sort(SortBy.PRIORITY, False), Sort(SortBy.KEY, True))),
        Sort(SortBy.PRIORITY, True, then=(Sort(SortBy.DUE_DATE, False),)),
        Sort(
            descending=False, field=FieldSort("none", "number"), then=(Sort(SortBy.TITLE, False),)
        ),
    )
    for sort in orders:
        whole = await queries.list(SCOPE, TaskFilter(), sort, Page(limit=1_000))
        in_one = [each["id"] for each in json.loads(b"[%b]" % whole.docs)]
        assert set(in_one) == meeting(past, lambda _: True)
        seen, cursor = list[str](), None
        while True:
            page = await queries.list(SCOPE, TaskFilter(), sort, Page(limit=4, cursor=cursor))
            seen += [each["id"] for each in json.loads(b"[%b]" % page.docs)]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == in_one, sort
    states = [past.state_of(each) for each in await _ids(queries, orders[0])]
    assert states == sorted(states, key=_by_due_then_priority_then_key)


async def _ids(queries: TaskQueries, sort: Sort) -> list[str]:
    listing = await queries.list(SCOPE, TaskFilter(), sort, Page(limit=1_000))
    return [each["id"] for each in json.loads(b"[%b]" % listing.docs)]


def _by_due_then_priority_then_key(task: Task) -> tuple[Any, ...]:
    due = task.due_date
    backwards = [-ord(letter) for letter in task.project_key]
    return (due is None, -due.timestamp() if due else 0, task.priority, backwards,
            -(task.number or 0))  # fmt: skip
