"""Favourites come and go, each person's own."""

import json

from domain.favourites.events import FavouriteAdded, FavouriteRemoved
from domain.favourites.state import favourites_of
from projections.favourites import FAVOURITES_VIEW, favourites_in
from tests.projections.history import History, made_id
from tests.projections.memory import folded

ADA, BOB = made_id("user", 1), made_id("user", 2)


def test_favourites_are_whose_they_are() -> None:
    past = History()
    workspace_id = past.workspace(1)
    project_id = past.project(1, workspace_id)
    task_id = past.task(1, project_id)
    for user_id, entity_id in ((ADA, project_id), (ADA, task_id), (BOB, task_id)):
        added = FavouriteAdded(user_id=user_id, entity_id=entity_id)
        past.record(workspace_id, favourites_of(user_id, workspace_id), added, user_id)
    gone = FavouriteRemoved(user_id=ADA, entity_id=task_id)
    past.record(workspace_id, favourites_of(ADA, workspace_id), gone, ADA)
    at_once = folded(FAVOURITES_VIEW, [past.events]).stored["favourites"]
    one_by_one = folded(FAVOURITES_VIEW, [[each] for each in past.events]).stored["favourites"]
    assert at_once == one_by_one
    assert set(at_once) == {(ADA, project_id), (BOB, task_id)}
    doc = at_once[BOB, task_id]["doc"]
    assert json.loads(doc) == {
        "id": task_id,
        "entity_type": "task",
        "entity_id": task_id,
        "workspace_id": workspace_id,
        "added_at": "2026-03-01T09:00:06Z",
    }
    both = b",".join(row["doc"] for row in at_once.values())
    assert [each.entity_type for each in favourites_in(both)] == ["project", "task"]
