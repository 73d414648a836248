"""Saved views: what may happen to one, and what it is then."""

from dataclasses import replace

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
from tests.domain.given import ANN, LIMITS, PROJECT_ID, Then, given

MADE = SavedViewCreated(
    name="Mine", query="assignee = me", filters={"status": ("open",)}, sort="due_date"
)


def test_a_view_begins_as_it_is_described():
    described = {"name": "Mine", "query": "assignee = me", "sort": "due_date", "project_id": None}
    case = given(SAVED_VIEW, "view_1")

    def creating(**parts: object) -> Then:
        named = {**described, "filters": {"status": ("open",)}, "limits": LIMITS, **parts}
        return case.when(lambda _: decisions.create(**named))

    assert creating().decide() == (MADE,)
    assert creating(project_id=PROJECT_ID).decide() == (replace(MADE, project_id=PROJECT_ID),)
    assert given(SAVED_VIEW, "view_1", MADE).state.view_id == "view_1"
    creating(name=" ").invalid("/name blank")
    creating(query="a\x00").invalid("/query characters")
    few = replace(LIMITS, query=3, filters=3)
    assert creating(query="abc", filters={"q": ("a", "b")}, limits=few).decide()
    creating(query="abcd", filters={}, limits=few).invalid("/query too-long")
    creating(query="", filters={"q": ("a", "bc")}, limits=few).invalid("/filters too-long")


def test_a_view_is_its_makers_until_it_is_shared():
    case = given(SAVED_VIEW, "view_1", MADE)
    assert (case.state.owner_id, case.state.project_id) == (ANN, None)
    after = case.when(decisions.share, PROJECT_ID).then(
        SavedViewShared(project_id=PROJECT_ID, was=None)
    )
    assert after.project_id == PROJECT_ID
    case.when(decisions.share, None).nothing()
    shared = given(SAVED_VIEW, "view_1", replace(MADE, project_id=PROJECT_ID))
    shared.when(decisions.share, None).then(SavedViewShared(project_id=None, was=PROJECT_ID))


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
    assert case.when(decisions.restore).then(SavedViewRestored()).deleted is False
    given(SAVED_VIEW, "view_1", MADE).when(decisions.delete).then(SavedViewDeleted())
    given(SAVED_VIEW, "view_1", MADE).when(decisions.restore).nothing()


def test_what_was_erased_asks_nothing():
    erased = SavedViewCreated(name=ERASED, query=ERASED, filters=ERASED)
    assert given(SAVED_VIEW, "view_1", erased).state.filters == {}
