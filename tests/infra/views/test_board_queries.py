"""Boards at once and a column at a time, and the neighbours of a move."""

import asyncio
import json
from typing import Any

import pytest

from domain.errors import Kind, Refused
from domain.project.board import Column
from domain.project.events import ProjectColumnsChanged
from domain.task.events import TaskStatusChanged, TaskTrashed
from domain.values.limits import Limits
from infra.postgres.pool import Pool
from infra.postgres.views.board_queries import BoardQueries
from infra.postgres.views.board_reader import ViewBoardReader
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.waiting import ViewWaiter
from projections.questions import Page
from tests.infra.views.written import Written
from tests.projections.history import STATUSES, History, columns, made_id

WS, OTHER, PROJECT = made_id("ws", 1), made_id("ws", 2), made_id("proj", 1)


@pytest.fixture
def queries(pool: Pool, pointers: Pointers, written: Written) -> BoardQueries:
    return BoardQueries(pool, pointers, written.log_id)


@pytest.fixture
def reader(pool: Pool, pointers: Pointers) -> ViewBoardReader:
    async def workspace_of(project_id: str) -> str | None:
        return WS if project_id == PROJECT else None

    return ViewBoardReader(pool, pointers, ViewWaiter(pointers, patience_s=0.2), workspace_of)


def a_past(tasks: int = 30) -> History:
    """Thirty tasks in three statuses of four, by ranks that go against their making; one in the
    trash, one column for two statuses."""
    past = History()
    past.project(1, past.workspace(1))
    keys = ["todo", "in_progress", "in_review"]
    for number in range(1, tasks + 1):
        past.task(number, PROJECT, status=keys[number % 3], rank=f"h{1_000 - number // 2}")
    past.change(made_id("task", 1), TaskTrashed())
    todo, doing, reviewing, done = columns(*STATUSES)
    both = Column(
        column_id=doing.column_id, name="Doing", statuses=("in_progress", "in_review"), wip_limit=4
    )
    was = (todo, doing, reviewing, done)
    past.record(WS, PROJECT, ProjectColumnsChanged(columns=(todo, both, done), was=was))
    return past


def cards_of(past: History, *statuses: str) -> list[str]:
    """Ids in the order of the board."""
    tasks = [
        state
        for stream, state in past.states.items()
        if stream.startswith("task_") and state.status in statuses and not state.trashed
    ]
    return [task.task_id for task in sorted(tasks, key=lambda each: (each.rank, each.task_id))]


def ids(cards: list[dict[str, Any]]) -> list[str]:
    return [card["id"] for card in cards]


async def test_one_question_draws_a_board(written: Written, queries: BoardQueries) -> None:
    past = a_past()
    await written.write(past)
    board = await queries.board([WS], PROJECT, cards=6)
    assert board is not None
    doc = json.loads(board.doc())
    assert doc["position"] == past.position
    assert (doc["project"]["id"], doc["project"]["key"]) == (PROJECT, "WEB")
    todo, doing, done = doc["columns"]
    assert ids(todo["cards"]) == cards_of(past, "todo")[:6]
    assert (todo["count"], todo["has_more"]) == (10, True)
    assert ids(doing["cards"]) == cards_of(past, "in_progress", "in_review")[:6]
    assert (doing["name"], doing["wip_limit"], doing["count"]) == ("Doing", 4, 19)
    assert doing["statuses"] == ["in_progress", "in_review"]
    assert (done["cards"], done["count"], done["next_cursor"]) == ([], 0, None)


async def test_a_column_goes_on_where_the_board_ended(
    written: Written, queries: BoardQueries
) -> None:
    past = a_past()
    await written.write(past)
    board = await queries.board([WS], PROJECT, cards=6)
    assert board is not None
    doing = json.loads(board.doc())["columns"][1]
    seen, cursor = ids(doing["cards"]), doing["next_cursor"]
    while cursor is not None:
        page = Page(limit=4, cursor=cursor)
        column = await queries.column([WS], PROJECT, doing["column_id"], page)
        assert column is not None
        doc = json.loads(column.doc())
        assert doc["count"] == 19
        seen += ids(doc["cards"])
        cursor = doc["next_cursor"]
    assert seen == cards_of(past, "in_progress", "in_review")


async def test_lanes_show_each_card_where_it_belongs(
    written: Written, queries: BoardQueries
) -> None:
    past = History()
    past.user(1, "Ada")
    past.project(1, past.workspace(1))
    ada, bob = made_id("user", 1), made_id("user", 2)
    for number, (people, tags) in enumerate(
        [((ada,), ("red", "blue")), ((), ("red",)), ((ada, bob), ()), ((ada,), ("red",))], 1
    ):
        status = "done" if number == 4 else "todo"
        past.task(number, PROJECT, assignee_ids=people, tags=tags, status=status, rank=f"h{number}")
    past.task(5, PROJECT, assignee_ids=(ada,))
    past.change(made_id("task", 5), TaskTrashed())
    await written.write(past)
    one, two, three, four = (made_id("task", number) for number in range(1, 5))

    async def lanes(swimlane: str, cards: int = 25) -> tuple[dict[str, Any], dict[Any, Any]]:
        board = await queries.board([WS], PROJECT, cards, swimlane)
        assert board is not None
        doc = json.loads(board.doc())
        found = {
            (column["name"], lane["lane"]): (lane["count"], ids(lane["cards"]))
            for column in doc["columns"]
            for lane in column["lanes"]
        }
        return doc, found

    doc, found = await lanes("assignee")
    assert found == {
        ("To do", ada): (2, [one, three]),
        ("To do", bob): (1, [three]),
        ("To do", None): (1, [two]),
        ("Done", ada): (1, [four]),
    }
    assert [(lane["lane"], lane["count"]) for lane in doc["lanes"]] == [
        (ada, 3),
        (bob, 1),
        (None, 1),
    ]
    assert (doc["swimlane"], doc["more_lanes"]) == ("assignee", False)
    assert doc["lanes"][0]["name"] == ada
    assert doc["position"] == past.position
    assert [column["count"] for column in doc["columns"]] == [3, 0, 0, 1]
    doc, found = await lanes("label")
    assert [lane["lane"] for lane in doc["lanes"]] == ["blue", "red", None]
    assert found["To do", "red"] == (2, [one, two])
    doc, found = await lanes("label", cards=1)
    assert found["To do", "red"] == (2, [one])
    todo = doc["columns"][0]
    red = next(lane for lane in todo["lanes"] if lane["lane"] == "red")
    page = Page(cursor=red["next_cursor"])
    column = await queries.column([WS], PROJECT, todo["column_id"], page, ["label:red"])
    assert column is not None
    assert (ids(json.loads(column.doc())["cards"]), column.count) == ([two], 2)
    merged = await queries.board([WS], PROJECT, 25, "label", {"blue": "red", "red": "crimson"})
    assert merged is not None
    said = [(lane["lane"], lane["count"]) for lane in json.loads(merged.doc())["lanes"]]
    assert said == [("crimson", 3), ("red", 1), (None, 1)]
    hidden = await queries.board([WS], PROJECT, 25, "label", {"blue": None, "red": None})
    assert hidden is not None
    assert [each["count"] for each in json.loads(hidden.doc())["lanes"]] == [4]
    doc, found = await lanes("priority", cards=0)
    assert found == {("To do", "medium"): (3, []), ("Done", "medium"): (1, [])}


async def test_a_board_has_so_many_lanes_and_cards_and_no_more(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = History()
    past.project(1, past.workspace(1))
    for number in range(1, 13):
        past.task(number, PROJECT, tags=(f"t{number // 4}",), rank=f"h{number:03}")
    await written.write(past)
    limits = Limits(lanes=2, cards_of_board=8)
    queries = BoardQueries(pool, pointers, written.log_id, limits)
    board = await queries.board([WS], PROJECT, 100, "label")
    assert board is not None
    doc = json.loads(board.doc())
    assert (doc["more_lanes"], [lane["lane"] for lane in doc["lanes"]]) == (True, ["t1", "t2"])
    todo = doc["columns"][0]
    assert (todo["count"], len(todo["cards"]), todo["has_more"]) == (12, 2, True)
    assert [len(lane["cards"]) for lane in todo["lanes"]] == [4, 4]
    empty = await queries.board([WS], PROJECT, 1, "parent")
    assert empty is not None
    assert [lane["lane"] for lane in json.loads(empty.doc())["lanes"]] == [None]


async def test_many_askers_get_their_own_boards(written: Written, queries: BoardQueries) -> None:
    past = a_past(6)
    past.project(2, past.workspace(2), key="OPS")
    past.task(50, made_id("proj", 2))
    await written.write(past)
    asked = [(WS, PROJECT), (OTHER, made_id("proj", 2)), (OTHER, PROJECT), (WS, made_id("proj", 9))]
    boards = await asyncio.gather(*(queries.board([ws], project) for ws, project in asked * 10))
    assert [None if board is None else board.project_id for board in boards] == [
        PROJECT,
        made_id("proj", 2),
        None,
        None,
    ] * 10


async def test_an_unknown_column_is_none(written: Written, queries: BoardQueries) -> None:
    await written.write(a_past(3))
    assert await queries.column([WS], PROJECT, "col_none", Page()) is None
    assert await queries.column([OTHER], PROJECT, made_id("col", 0), Page()) is None


async def test_a_move_learns_its_neighbours(written: Written, reader: ViewBoardReader) -> None:
    past = History()
    past.project(1, past.workspace(1))
    for number, rank in enumerate(["ha", "hb", "hc", "hd"], 1):
        past.task(number, PROJECT, rank=rank, status="todo" if number < 4 else "done")
    await written.write(past)
    one, two, three, four = (made_id("task", number) for number in range(1, 5))
    at = past.position

    async def beside(task_id: str, other: str, after: bool) -> tuple[str | None, str | None]:
        return await reader.neighbours(PROJECT, ["todo"], task_id, other, after, at)

    assert await beside(four, one, True) == ("ha", "hb")
    assert await beside(four, one, False) == (None, "ha")
    assert await beside(four, three, True) == ("hc", None)
    assert await beside(two, one, True) == ("ha", "hc"), "the moving card is left out"
    assert await beside(one, four, True) == (None, None), "the other stands elsewhere"


async def test_a_stretch_of_a_column_is_in_order_and_has_the_trash_in_it(
    written: Written, reader: ViewBoardReader
) -> None:
    past = History()
    past.project(1, past.workspace(1))
    for number, rank in enumerate(["hf", "ha", "hc", "hb", "he", "hd"], 1):
        status = "in_progress" if number % 2 else "todo"
        past.task(number, PROJECT, rank=rank, status="done" if number == 5 else status)
    past.change(made_id("task", 4), TaskTrashed())
    await written.write(past)
    open_, at = ["todo", "in_progress"], past.position
    ordered = [(made_id("task", n), r) for n, r in ((2, "ha"), (4, "hb"), (3, "hc"), (6, "hd"))]
    ordered.append((made_id("task", 1), "hf"))

    async def around(number: int, reach: int) -> list[tuple[str, str]]:
        return list(await reader.stretch(PROJECT, open_, made_id("task", number), reach, at))

    assert await around(3, 9) == ordered
    assert await around(3, 1) == ordered[1:4]
    assert await around(2, 2) == ordered[:3]
    assert await around(5, 2) == []


async def test_trashed_tasks_still_stand_in_a_status(
    written: Written, reader: ViewBoardReader
) -> None:
    past = a_past(9)
    await written.write(past)
    standing = await reader.tasks_in_status(PROJECT, "in_progress", past.position, 10)
    assert set(standing) == {made_id("task", number) for number in (1, 4, 7)}
    assert len(await reader.tasks_in_status(PROJECT, "in_progress", past.position, 2)) == 2
    assert await reader.tasks_in_status(made_id("proj", 9), "todo", past.position, 2) == []


async def test_a_decision_never_looks_at_an_older_board(
    written: Written, reader: ViewBoardReader
) -> None:
    past = a_past(4)
    await written.write(past)
    moved = TaskStatusChanged(
        status="done", category="done", was="todo", was_category="todo", rank="hZ"
    )
    past.change(made_id("task", 3), moved)
    with pytest.raises(Refused) as refusal:
        await reader.tasks_in_status(PROJECT, "done", past.position, 10)
    assert refusal.value.kind is Kind.VIEW_BEHIND
    await written.write(past)
    standing = await reader.tasks_in_status(PROJECT, "done", past.position, 10)
    assert made_id("task", 3) in standing
