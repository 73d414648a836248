"""Boards, their columns and their cards as they are answered."""

from datetime import datetime

import msgspec

from domain.project.board import Column
from domain.project.state import Project
from domain.task.state import Task
from domain.values.priority import band_of
from domain.values.text import readable

from .labels import TagsMark, held
from .people import Person, person
from .task_answers import Facts


class CardProgress(msgspec.Struct, gc=False):
    done: int = 0
    total: int = 0


class Card(msgspec.Struct, gc=False):
    """A task as its board shows it; also what the fold keeps of it."""

    id: str
    task_id: str
    key: str
    title: str | None
    status: str
    priority: str
    priority_level: int
    type: str
    assignees: list[Person]
    due_date: datetime | None
    due_all_day: bool
    tags: TagsMark
    rank: str
    comment_count: int
    progress: CardProgress
    is_blocked: bool
    version: int


class BoardHead(msgspec.Struct):
    """The project as its board shows it; also what the fold keeps of it."""

    id: str
    project_id: str
    workspace_id: str
    key: str
    name: str | None
    view_type: str
    is_private: bool
    archived: bool


class ColumnHead(msgspec.Struct, frozen=True):
    """A column without its cards."""

    id: str
    column_id: str
    name: str
    statuses: tuple[str, ...]
    wip_limit: int | None
    lane_wip_limit: int | None


_json = msgspec.json.Encoder()


def render_card(task: Task, facts: Facts) -> bytes:
    """The card of a task, as its row would hold it."""
    return _json.encode(
        Card(
            task.task_id,
            task.task_id,
            task.key,
            readable(task.title),
            task.status,
            band_of(task.priority),
            task.priority,
            task.type,
            [person(user_id) for user_id in task.assignee_ids],
            task.due_date,
            task.due_all_day,
            held(task.workspace_id, task.tags),
            task.rank,
            facts.comment_count,
            CardProgress(facts.progress.done, facts.progress.total),
            task.is_blocked,
            task.version,
        )
    )


def render_head(project: Project) -> bytes:
    """The project as its board shows it."""
    return _json.encode(
        BoardHead(
            project.project_id,
            project.project_id,
            project.workspace_id,
            project.key,
            readable(project.name),
            project.view_type,
            project.is_private,
            project.archived_at is not None,
        )
    )


def render_column(column: Column) -> bytes:
    """A column without its cards."""
    return _json.encode(
        ColumnHead(
            column.column_id,
            column.column_id,
            column.name,
            column.statuses,
            column.wip_limit,
            column.lane_wip_limit,
        )
    )
