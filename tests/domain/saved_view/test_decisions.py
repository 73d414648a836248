"""Saved views: what may happen to one, and what it is then."""

from domain.errors import Kind
from domain.saved_view import decisions
from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.saved_view.state import SAVED_VIEW
from domain.values.text import ERASED
from tests.domain.given import ANN, LIMITS, PROJECT_ID, given

MADE = SavedViewCreated(
    name="Mine", query="assignee = me", filters={"status": ("open",)}, sort="due_date"
)


def test_a_view_is_its_makers_until_it_is_shared():
    case = given(SAVED_VIEW, "view_1", MADE)
    assert (case.state.owner_id, case.state.project_id) == (ANN, None)
    after = case.when(decisions.share, PROJECT_ID).then(
        SavedViewShared(project_id=PROJECT_ID, was=None)
    )
    assert after.project_id == PROJECT_ID
    case.when(decisions.share, None).nothing()


def test_a_part_that_is_left_out_stays():
    case = given(SAVED_VIEW, "view_1", MADE)

    def altered(**parts: object) -> object:
        named = {"query": None, "filters": None, "sort": None, "limits": LIMITS, **parts}
        return case.when(decisions.alter, **named)

    altered().nothing()
    altered(query="assignee = me", filters={"status": ("open",)}, sort="due_date").nothing()
    filters = {"status": ("open",)}
    altered(query="").then(SavedViewAltered(query="", filters=filters, sort="due_date"))
    altered(sort="").then(SavedViewAltered(query="assignee = me", filters=filters, sort=None))
    altered(query="x" * 5_000).invalid("/query")
    altered(filters={"q": ("x" * 20_000,)}).invalid("/filters")
    case.when(decisions.rename, "Ours", LIMITS).then(SavedViewRenamed(name="Ours", was="Mine"))
    case.when(decisions.rename, "Mine", LIMITS).nothing()
    case.when(decisions.rename, " ", LIMITS).invalid("/name")


def test_a_deleted_view_is_restored_before_it_changes():
    case = given(SAVED_VIEW, "view_1", MADE, SavedViewDeleted())
    case.when(decisions.delete).nothing()
    case.when(decisions.rename, "Ours", LIMITS).refused(Kind.TRASHED)
    case.when(decisions.share, PROJECT_ID).refused(Kind.TRASHED)
    case.when(decisions.restore).then(SavedViewRestored())
    given(SAVED_VIEW, "view_1", MADE).when(decisions.restore).nothing()


def test_what_was_erased_asks_nothing():
    erased = SavedViewCreated(name=ERASED, query=ERASED, filters=ERASED)
    assert given(SAVED_VIEW, "view_1", erased).state.filters == {}
