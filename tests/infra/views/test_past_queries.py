"""The past answers as the present once did, whatever happened since."""

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from domain.project.events import ProjectWorkflowChanged
from domain.project.lanes import SWIMLANES
from domain.project.state import PROJECT, Project
from domain.task.events import TaskMovedToProject
from domain.values.recorded import Recorded
from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.board_queries import BoardQueries
from infra.postgres.views.dependency_queries import DependencyQueries
from infra.postgres.views.past_queries import Past, PastQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.stats_queries import ProjectCounts, StatsQueries
from infra.postgres.views.task_queries import TaskQueries
from projections.board import BOARD_VIEW
from projections.past import PAST_VIEW
from projections.past_moments import ALWAYS, Moment, microseconds
from projections.questions import Page, Scope
from projections.search import SEARCH_VIEW
from projections.task_questions import Sort, SortBy, TaskFilter
from projections.tasks import TASKS_VIEW
from tests.infra.views.written import Written, opened
from tests.projections.history import BEGAN, History, made_id
from tests.projections.strategies import histories, moments
from tests.real import Database

SCOPE = Scope(workspaces=(made_id("ws", 1), made_id("ws", 2)))
PROJECTS = [made_id("proj", number) for number in (1, 2, 3)]
LISTS = (
    (TaskFilter(), Sort(SortBy.RANK, False)),
    (TaskFilter(trashed=True), Sort()),
    (TaskFilter(statuses=("done", "open")), Sort(SortBy.PRIORITY, False)),
    (TaskFilter(q="tas", overdue=False, now=BEGAN), Sort(SortBy.TITLE, True)),
    (TaskFilter(tags_any=("red",), is_blocked=False), Sort(SortBy.DUE_DATE, False)),
)


@dataclass
class Told:
    """All that is asked of one moment."""

    lists: list[bytes]
    boards: list[Any]
    counts: list[Any]


class Views:
    """The views of the present and of the past over one log, and who may be asked about them."""

    def __init__(self, written: Written, pool: Pool) -> None:
        pointers = Pointers(pool)
        self.written = written
        self.tasks = TaskQueries(pool, pointers, written.log_id)
        self.boards = BoardQueries(pool, pointers, written.log_id)
        self.stats = StatsQueries(pool, pointers)
        self.past = PastQueries(
            pool,
            pointers,
            written.log_id,
            tasks=self.tasks,
            boards=self.boards,
            stats=self.stats,
            dependencies=DependencyQueries(pool, pointers, written.log_id),
        )

    async def now(self, events: Sequence[Recorded]) -> Told:
        told = Told([], [], [])
        for asked, sort in LISTS:
            told.lists.append((await self.tasks.list(SCOPE, asked, sort)).docs)
        for project in projects(events):
            for swimlane in (None, *SWIMLANES):
                board = await self.boards.board(SCOPE.tenants, project.project_id, 3, swimlane, {})
                told.boards.append(None if board is None else shape(board.doc()))
            counts = await self.stats.of_project(project.workspace_id, project.project_id, BEGAN)
            told.counts.append(counted(counts))
        return told

    async def then(self, past: Past, events: Sequence[Recorded]) -> Told:
        told = Told([], [], [])
        for asked, sort in LISTS:
            told.lists.append((await past.tasks(asked, sort, Page())).docs)
        for project in projects(events):
            for swimlane in (None, *SWIMLANES):
                board = await past.board(project, 3, swimlane)
                told.boards.append(shape(await past.with_cards(board.doc())))
            told.counts.append(counted(await past.counts(project)))
        return told


def projects(events: Sequence[Recorded]) -> Iterator[Project]:
    """As these events leave them."""
    for project_id in PROJECTS:
        own = [(each.event, each.stamp) for each in events if each.stream == project_id]
        project = PROJECT.fold(own)
        if project is not None:
            yield project


def shape(doc: bytes) -> Any:
    """A board but for its position; a cursor says only that there is one."""
    board = json.loads(doc)
    del board["position"]
    lanes = (lane for column in board["columns"] for lane in column.get("lanes", ()))
    for cell in [*board["columns"], *lanes]:
        cell["next_cursor"] = cell["next_cursor"] is not None
    return board


def counted(counts: ProjectCounts) -> Any:
    return (
        (counts.total, counts.completed, counts.in_progress, counts.overdue),
        dict(counts.by_status),
        dict(counts.by_assignee),
        dict(counts.by_label),
    )


@asynccontextmanager
async def views(database: Database) -> Any:
    pool = await open_pool(database.api_url, max_size=2)
    try:
        async with opened(database, (TASKS_VIEW, SEARCH_VIEW, BOARD_VIEW, PAST_VIEW)) as written:
            yield Views(written, pool)
    finally:
        await pool.close()


def only(events: Sequence[Recorded]) -> History:
    """A history of these events alone."""
    past = History()
    past.events = list(events)
    return past


def sound(past: History) -> bool:
    """A move into another workflow says what the status means there, which made ones do not."""
    kinds = {type(each.event) for each in past.events}
    return not {TaskMovedToProject, ProjectWorkflowChanged} <= kinds


quick = settings(
    max_examples=7,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # each example is a log of its own: seconds to shrink
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@given(past=histories(), cuts=st.lists(st.integers(10, 40), max_size=3))
@quick
def test_a_position_shows_what_views_showed_that_stopped_there(
    database: Database, past: History, cuts: list[int]
) -> None:
    assume(sound(past))

    async def check() -> None:
        async with views(database) as found:
            edges = sorted({min(cut, past.position) for cut in cuts} | {past.position})
            seen: dict[int, Told] = {}
            for first, last in itertools.pairwise([0, *edges]):
                await found.written.write(only(past.events[first:last]))
                seen[last] = await found.now(past.events[:last])
            for last, told in seen.items():
                moment = Moment("recorded", last, BEGAN, last)
                then = await found.then(found.past.seen(moment, SCOPE), past.events[:last])
                assert then == told

    asyncio.run(check())


@given(past=histories(), at=moments)
@quick
def test_a_time_of_the_world_shows_a_log_cut_at_that_time(
    database: Database, past: History, at: Any
) -> None:
    assume(sound(past))
    place = microseconds(at)
    reached: dict[str, int] = {}
    kept = []
    for each in past.events:
        before = reached.get(each.stream, ALWAYS)
        occurred = each.stamp.occurred_at
        after = before if occurred is None else max(before, microseconds(occurred))
        reached[each.stream] = after
        if after <= place:
            kept.append(each)

    async def check() -> None:
        async with views(database) as cut:
            await cut.written.write(only(kept))
            told = await cut.now(kept)
        async with views(database) as whole:
            await whole.written.write(past)
            moment = Moment("occurred", place, BEGAN, past.position)
            assert await whole.then(whole.past.seen(moment, SCOPE), kept) == told

    asyncio.run(check())
