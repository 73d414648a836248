"""Questions to the past: tasks, boards and counts as they were at a moment, for who asks today."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.project.state import Project
from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.board_answers import render_column, render_head
from projections.past import PAST_VIEW
from projections.past_moments import Moment
from projections.questions import Listing, Page, Scope
from projections.task_questions import Sort, TaskFilter

from .board_queries import BoardQueries
from .board_reads import BoardRead, ColumnRead
from .dependency_queries import DependencyQueries
from .past_docs import PastDocs
from .past_reader import PastReader
from .past_rows import BoardThen, PastRows
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader
from .scopes import visible
from .stats_queries import ProjectCounts, StatsQueries
from .task_queries import TaskQueries

_PLACE: Final = """
SELECT position, clock_timestamp(), log.position_at(%(asked)s, true), log.imported_after(%(asked)s)
FROM log.head
"""
_TIME: Final = "SELECT position, clock_timestamp(), log.recorded_at(%(asked)s) FROM log.head"


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the log and its clock are now, and what was asked of them: the last `position` that was
    recorded by a time, or when a position was recorded (None: there is no such). `imports`: of
    each workspace that came from another log after that time, the last that it had recorded."""

    head: int
    now: datetime
    position: int = 0
    recorded_at: datetime | None = None
    imports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskThen:
    """A task's answer as it was, people by id."""

    doc: bytes
    version: int
    workspace_id: str
    project_id: str
    position: int


_ONE: Final = """
SELECT found.*, {{position}}
FROM (SELECT) AS one
LEFT JOIN (
    SELECT t.doc, t.version, t.workspace_id, t.project_id, t.trashed
    FROM {{tasks_tasks}} AS t WHERE t.task_id = {task} AND {shown}
) AS found ON true
"""


class PastQueries:
    """Whoever asks of the present, asks the past by the same questions."""

    def __init__(
        self,
        pool: Pool,
        pointers: Pointers,
        log_id: str,
        *,
        tasks: TaskQueries,
        boards: BoardQueries,
        stats: StatsQueries,
        dependencies: DependencyQueries,
    ) -> None:
        self._pool = pool
        self._reader = ViewReader(pool, pointers, PAST_VIEW)
        self._log_id = log_id
        self._tasks = tasks
        self._boards = boards
        self._stats = stats
        self._dependencies = dependencies

    async def at_time(self, moment: datetime) -> Clocks:
        """The last position that the log had recorded by then, 0 before its beginning."""
        head, now, position, imports = await self._ask(_PLACE, moment)
        return Clocks(head, now, position, imports=imports or {})

    async def at_position(self, position: int) -> Clocks:
        """When a position was recorded."""
        head, now, recorded_at = await self._ask(_TIME, position)
        return Clocks(head, now, position, recorded_at)

    async def _ask(self, sql: str, asked: object) -> Sequence[Any]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(sql.encode(), {"asked": asked}, prepare=True)
            row = await cursor.fetchone()
        assert row is not None  # the head is always there
        return row

    def seen(self, moment: Moment, scope: Scope) -> "Past":
        """What somebody who sees `scope` today sees of a moment. Only that is shown which stood
        where they may look today, and is where they may look today."""
        return Past(self, moment, scope)

    def _reading(self, moment: Moment, scope: Scope, board: BoardThen | None = None) -> PastReader:
        docs = PastDocs(self._reader, moment)
        return PastReader(self._reader, PastRows(moment, scope, board), docs)

    def mark(self, moment: Moment) -> str:
        """What stands for the log in cursors of this moment, and tells them from all others."""
        said = f"{self._log_id} {moment.clock} {moment.place}"
        return hashlib.sha256(said.encode()).hexdigest()


class Past:
    """One moment as one asker sees it."""

    def __init__(self, house: PastQueries, moment: Moment, scope: Scope) -> None:
        self._house = house
        self._moment = moment
        self._scope = scope
        self._reader = house._reading(moment, scope)
        self._docs = PastDocs(house._reader, moment)
        self._mark = house.mark(moment)

    async def task(self, task_id: str, *, trashed: bool) -> TaskThen | None:
        """A task, None where it was not there; without `trashed` also where it was in the trash."""
        params = Parameters()
        sql = _ONE.format(task=params.add("text", task_id), shown=visible(self._scope, params))
        question = Question(sql, tuple(params.kinds), tuple(params.values), self._scope.tenants)
        doc, version, workspace_id, project_id, was_trashed, position = await self._reader.ask(
            question
        )
        if doc is None or (was_trashed and not trashed):
            return None
        whole = await self._docs.with_tasks(self._scope.tenants, doc)
        return TaskThen(whole, version, workspace_id, project_id, position or 0)

    async def tasks(self, asked: TaskFilter, sort: Sort | None, page: Page) -> Listing:
        """A page of tasks. Raises as `read_page`."""
        queries = self._house._tasks.through(self._reader, self._mark)
        listing = await queries.list(self._scope, asked, sort, page)
        docs = await self._docs.with_tasks(self._scope.tenants, listing.docs)
        return replace(listing, docs=docs)

    async def visible(self, task_ids: Collection[str]) -> Collection[str]:
        """Those of some tasks that were there and not in the trash."""
        queries = self._house._dependencies.through(self._reader, self._mark)
        return (await queries.seen(self._scope, task_ids)).visible

    async def counts(
        self, project: Project, shown: Mapping[str, str | None] | None = None
    ) -> ProjectCounts:
        """The counts of a project, overdue by the clock of then; labels as `shown` today."""
        queries = self._house._stats.through(self._reader, self._mark)
        return await queries.of_project(
            project.workspace_id, project.project_id, self._moment.at, shown
        )

    async def board(
        self,
        project: Project,
        cards: int,
        swimlane: str | None = None,
        shown: Mapping[str, str | None] | None = None,
    ) -> BoardRead:
        """The board of a project as it was (`project`); its answer goes through `with_cards`."""
        board = await self._boards(project).board(
            (project.workspace_id,), project.project_id, cards, swimlane, shown
        )
        assert board is not None  # the project is what the question brought along
        return board

    async def column(
        self, project: Project, column_id: str, page: Page, lanes: Sequence[str] | None = None
    ) -> ColumnRead | None:
        """A page of one column, as `board`."""
        return await self._boards(project).column(
            (project.workspace_id,), project.project_id, column_id, page, lanes
        )

    async def with_cards(self, doc: bytes) -> bytes:
        """A board's answer with its cards."""
        return await self._docs.with_cards(self._scope.tenants, doc)

    def _boards(self, project: Project) -> BoardQueries:
        reader = self._house._reading(self._moment, self._scope, _board_of(project))
        return self._house._boards.through(reader, self._mark)


def _board_of(project: Project) -> BoardThen:
    """What `PastRows` takes for a board."""
    columns = [
        {
            "column_id": column.column_id,
            "statuses": column.statuses,
            "doc": render_column(column).decode(),
        }
        for column in project.columns
    ]
    doc = msgspec.json.encode(
        {
            "project_id": project.project_id,
            "workspace_id": project.workspace_id,
            "doc": render_head(project).decode(),
            "columns": columns,
        }
    )
    return BoardThen(project.project_id, doc.decode())
