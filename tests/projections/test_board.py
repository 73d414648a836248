"""Cards and columns."""

import json

from domain.project.events import ProjectColumnsChanged, ProjectRenamed
from domain.task.events import TaskDescribed, TaskStatusChanged, TaskTrashed
from projections.board import BOARD_VIEW
from tests.projections.history import STATUSES, History, columns, made_id
from tests.projections.memory import folded


def test_a_card_shows_what_a_board_needs_and_no_more() -> None:
    past = History()
    task_id = past.task(1, past.project(1, past.workspace(1)), description="long", tags=("a",))
    past.change(
        task_id,
        TaskStatusChanged(
            status="done", category="done", was="todo", was_category="todo", rank="hZ"
        ),
    )
    past.change(task_id, TaskDescribed(description="longer"))
    row = folded(BOARD_VIEW, [past.events]).stored["cards"][(task_id,)]
    assert (row["status"], row["rank"], row["trashed"]) == ("done", "hZ", False)
    assert json.loads(row["doc"]) == {
        "id": task_id,
        "task_id": task_id,
        "key": "WEB-1",
        "title": "Task 1",
        "status": "done",
        "priority": "medium",
        "priority_level": 5,
        "type": "task",
        "assignees": [],
        "due_date": None,
        "due_all_day": False,
        "tags": {"#": made_id("ws", 1), "tags": ["a"]},
        "rank": "hZ",
        "comment_count": 0,
        "progress": {"done": 0, "total": 0},
        "is_blocked": False,
        "version": 3,
    }
    past.change(task_id, TaskTrashed())
    assert folded(BOARD_VIEW, [past.events]).stored["cards"][(task_id,)]["trashed"] is True


def test_columns_that_went_are_gone() -> None:
    past = History()
    project_id = past.project(1, past.workspace(1))
    fewer = ProjectColumnsChanged(columns=columns(*STATUSES)[:2], was=columns(*STATUSES))
    past.record(made_id("ws", 1), project_id, fewer)
    past.record(made_id("ws", 1), project_id, ProjectRenamed(name="New", was="Project 1"))
    stored = folded(BOARD_VIEW, [past.events]).stored
    assert sorted(stored["columns"]) == [(project_id, 0), (project_id, 1)]
    assert json.loads(stored["boards"][(project_id,)]["doc"])["name"] == "New"
