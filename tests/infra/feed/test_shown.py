"""An event of the feed as JSON: what was erased, and what its reader may not see."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.task.events import (
    TaskBlocked,
    TaskCreated,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskParentChanged,
    TaskRetitled,
)
from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from domain.values.text import ERASED
from infra.feed.page import page
from infra.feed.shown import ids_named, shown
from tests.projections.history import made_id

ADA = made_id("user", 1)
MINE, OTHERS = made_id("task", 1), made_id("task", 2)
HERE, HUSH = made_id("proj", 1), made_id("proj", 2)


PAGE = Path(__file__).parents[3] / "docs" / "events.md"


def test_the_page_of_events_is_up_to_date() -> None:
    """Where this fails: python -m infra.feed.page > docs/events.md"""
    assert PAGE.read_text(encoding="utf-8") == page()


def recorded(event: object, **stamp: Any) -> Recorded:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    placed = Stamp(made_id("ws", 1), MINE, 3, ADA, at, 17, **stamp)
    return Recorded(event, "stored", placed, "ab" * 16, Origin(ADA, causation_id="rule_1"))


def told(event: object, may_see: Callable[[str], bool] | None = None, **way: Any) -> dict[str, Any]:
    names = {ADA: b'"Ada"'}
    made: dict[str, Any] = json.loads(
        shown(recorded(event), names, may_see, **{"whole": True, **way})
    )
    return made


def test_what_was_erased_is_null_and_named() -> None:
    event = told(TaskRetitled(title="New", was=ERASED))
    assert (event["data"], event["erased"]) == ({"title": "New", "was": None}, ["was"])
    assert told(TaskFieldsChanged(fields=ERASED, was=ERASED))["erased"] == ["fields", "was"]
    assert "erased" not in told(TaskRetitled(title="New", was="Old"))
    assert (event["actor"], event["caused_by"]) == ({"user_id": ADA, "name": "Ada"}, "rule_1")


def test_ids_of_what_is_hidden_are_left_out_and_texts_are_not_looked_into() -> None:
    may_see = {MINE, HERE}.__contains__
    blocked = TaskBlocked(blocked_by=(OTHERS, MINE))
    assert told(blocked, may_see)["data"] == {"blocked_by": [MINE]}
    assert told(blocked)["data"] == {"blocked_by": [OTHERS, MINE]}
    moved = told(TaskParentChanged(parent_task_id=OTHERS, was=MINE), may_see)["data"]
    assert moved == {"parent_task_id": None, "was": MINE}
    created = TaskCreated(
        project_id=HERE,
        project_key="WEB",
        title=OTHERS,
        description=HUSH,
        status="todo",
        status_category="todo",
        priority=5,
        rank="a0",
        copy_of=OTHERS,
        fields={"link": OTHERS},
    )
    data = told(created, may_see)["data"]
    assert (data["project_id"], data["copy_of"], data["title"]) == (HERE, None, OTHERS)
    assert data["fields"] == {"link": OTHERS}
    assert ids_named(recorded(created)) == {HERE, OTHERS}


def test_of_a_task_that_left_is_told_nothing_but_that_it_left() -> None:
    moved = TaskMovedToProject(
        project_id=HUSH,
        project_key="HUSH",
        rank="a0",
        was_project_id=HERE,
        was_project_key="WEB",
        was_number=7,
        was_status="todo",
        was_rank="a1",
        number=1,
    )
    assert told(moved, {HERE}.__contains__, whole=False)["data"] == {
        "was_project_id": HERE,
        "was_project_key": "WEB",
        "was_number": 7,
    }
