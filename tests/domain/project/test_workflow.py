"""Which moves there are, and how statuses are named."""

from dataclasses import replace

import pytest

from domain.errors import Invalid
from domain.project.workflow import (
    DEFAULT_WORKFLOW,
    PERSONAL_WORKFLOW,
    Guard,
    allowed_from,
    known_status,
    moves_from,
    status_named,
    transition_between,
)

UNBLOCKED = (Guard(name="no-unfinished-blockers"),)


def test_the_moves_of_a_project_that_describes_none():
    assert {each.key: allowed_from(DEFAULT_WORKFLOW, each.key) for each in DEFAULT_WORKFLOW.statuses
    } == {
        "todo": ("in_progress", "cancelled"),
        "in_progress": ("todo", "in_review", "blocked", "cancelled"),
        "in_review": ("in_progress", "done", "cancelled"),
        "blocked": ("todo", "in_progress", "cancelled"),
        "done": ("todo", "in_progress"),
        "cancelled": ("todo",),
    }  # fmt: skip
    guarded = {each.target for each in DEFAULT_WORKFLOW.transitions if each.guards}
    assert guarded == {"done"}
    finished = transition_between(DEFAULT_WORKFLOW, "in_review", "done")
    assert finished is not None
    assert finished.guards == UNBLOCKED
    assert transition_between(DEFAULT_WORKFLOW, "todo", "done") is None
    assert list(moves_from(DEFAULT_WORKFLOW, "done")) == ["todo", "in_progress"]


def test_where_any_status_may_follow_any_no_guard_holds():
    others = ("in_progress", "in_review", "blocked", "done", "cancelled")
    moves = moves_from(PERSONAL_WORKFLOW, "todo")
    assert tuple(moves) == others
    assert [(each.source, each.target, each.guards) for each in moves.values()] == [
        ("todo", other, ()) for other in others
    ]
    assert transition_between(PERSONAL_WORKFLOW, "todo", "done") == moves["done"]


def test_a_status_is_meant_by_its_key_its_name_or_what_others_call_it():
    # A name that is another's key means that other one; a name that others use means the status.
    confusing = replace(
        DEFAULT_WORKFLOW,
        statuses=(
            *DEFAULT_WORKFLOW.statuses[:5],
            replace(DEFAULT_WORKFLOW.statuses[5], name="todo"),
        ),
    )
    assert known_status(confusing, "todo").key == "todo"
    named = ("In review", "pending", "completed", "Done")
    assert [known_status(confusing, each).key for each in named] == [
        "in_review", "todo", "done", "done",
    ]  # fmt: skip
    assert status_named(confusing, "Pending") is None
    with pytest.raises(Invalid) as caught:
        known_status(replace(confusing, statuses=confusing.statuses[:2]), "limbo")
    assert caught.value.problems[0].pointer == "/status"
    assert caught.value.detail == (
        "There is no such status here; the statuses are: todo, in_progress."
    )
