"""Saved views: rows follow from their events, however these come in batches."""

import json

from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.values.text import ERASED
from projections.saved_views import SAVED_VIEWS_VIEW
from tests.projections.history import History, made_id
from tests.projections.memory import folded

VIEW = made_id("view", 1)


def test_a_row_says_what_the_view_asks_whose_it_is_and_with_whom_it_is_shared() -> None:
    past = History()
    home = past.workspace(1)
    for event in (
        SavedViewCreated(name="Ä", query="due < 2d", filters={"status": ("open",)}),
        SavedViewRenamed(name="Bald", was="Ä"),
        SavedViewAltered(query=ERASED, filters=ERASED, sort="-due_date"),
        SavedViewShared(project_id=made_id("proj", 1), was=None),
        SavedViewDeleted(),
        SavedViewRestored(),
    ):
        past.record(home, VIEW, event, made_id("user", 2))
    at_once = folded(SAVED_VIEWS_VIEW, [past.events])
    one_by_one = folded(SAVED_VIEWS_VIEW, [[each] for each in past.events])
    assert at_once.stored == one_by_one.stored
    row = at_once.stored["views"][(VIEW,)]
    assert (row["owner_id"], row["project_id"], row["name_key"], row["deleted"]) == (
        made_id("user", 2), made_id("proj", 1), "bald", False,
    )  # fmt: skip
    doc = json.loads(row["doc"])
    assert (doc["query"], doc["filters"], doc["sort"]) == (None, {}, "-due_date")
    before = folded(SAVED_VIEWS_VIEW, [past.events[:2]]).stored["views"][(VIEW,)]
    doc = json.loads(before["doc"])
    assert (doc["query"], doc["filters"]) == ("due < 2d", {"status": ["open"]})
    assert doc["visibility"] == "private"
