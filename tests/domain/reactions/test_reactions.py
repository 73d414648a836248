"""What may be reacted with, once each, and how many kinds there may be."""

from dataclasses import replace

import pytest

from domain.comment.events import CommentAdded
from domain.comment.state import COMMENT
from domain.errors import Kind
from domain.reactions import decisions
from domain.reactions.events import ReactionAdded, ReactionRemoved
from domain.reactions.state import REACTIONS, reactions_of
from domain.task.events import TaskTrashed
from tests.domain.examples import task_of
from tests.domain.given import ANN, BOB, LIMITS, PROJECT_ID, TASK_ID, given

COMMENT_ID = "cmt_00000000000000000000000001"
SAID = given(
    COMMENT, COMMENT_ID, CommentAdded(task_id=TASK_ID, project_id=PROJECT_ID, text="Done?")
).state
PLACE = {"comment_id": COMMENT_ID, "task_id": TASK_ID, "project_id": PROJECT_ID}
THUMB, HEART, RED_HEART = "\U0001f44d", "\u2764", "\u2764\ufe0f"


def added(user_id: str, emoji: str) -> ReactionAdded:
    return ReactionAdded(user_id=user_id, emoji=emoji, **PLACE)


def removed(user_id: str, emoji: str) -> ReactionRemoved:
    return ReactionRemoved(user_id=user_id, emoji=emoji, **PLACE)


def reactions(*events: object):
    return given(REACTIONS, reactions_of(COMMENT_ID), *events).state


def react(state, user_id: str, emoji: str, limits=LIMITS):
    return decisions.react(
        task_of().state, SAID, state, user_id=user_id, emoji=emoji, limits=limits
    )


def take_back(state, user_id: str, emoji: str):
    return decisions.take_back(task_of().state, SAID, state, user_id=user_id, emoji=emoji)


def test_a_reaction_counts_once_and_goes_again():
    assert react(None, ANN, THUMB) == (added(ANN, THUMB),)
    state = reactions(added(ANN, THUMB), added(BOB, THUMB), added(BOB, HEART))
    assert state.given == {THUMB: (ANN, BOB), HEART: (BOB,)}
    assert react(state, ANN, THUMB) == ()
    assert take_back(state, ANN, HEART) == ()
    assert take_back(None, ANN, HEART) == ()
    assert take_back(reactions(added(ANN, THUMB)), ANN, HEART) == ()
    (gone,) = take_back(state, BOB, HEART)
    after = reactions(added(ANN, THUMB), added(BOB, THUMB), added(BOB, HEART), gone)
    assert after.given == {THUMB: (ANN, BOB)}
    assert reactions(added(ANN, THUMB), added(BOB, THUMB), removed(ANN, THUMB)).given == {
        THUMB: (BOB,)
    }
    assert reactions(added(ANN, THUMB), added(ANN, THUMB)).given == {THUMB: (ANN,)}
    assert reactions(added(ANN, THUMB), removed(ANN, THUMB), added(ANN, THUMB)).given == {
        THUMB: (ANN,)
    }


def test_two_forms_of_an_emoji_are_one():
    state = reactions(added(ANN, HEART))
    assert react(state, ANN, RED_HEART) == ()
    assert react(state, BOB, RED_HEART) == (added(BOB, HEART),)
    assert take_back(state, ANN, RED_HEART) == (removed(ANN, HEART),)


def test_kinds_are_bounded_but_everybody_may_join_in():
    state = reactions(added(ANN, THUMB), added(ANN, HEART))
    few = replace(LIMITS, reactions=2)
    assert react(state, BOB, THUMB, few) == (added(BOB, THUMB),)
    task_of().when(
        decisions.react, SAID, state, user_id=BOB, emoji="\U0001f389", limits=few
    ).invalid("/emoji too-many")


@pytest.mark.parametrize(
    "emoji",
    [
        THUMB, HEART, RED_HEART, f"{THUMB}\u200d" * 15 + RED_HEART,
        "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "1\ufe0f\u20e3",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\U0001f9d1\U0001f3fb\u200d\U0001f4bb", "\U0001f3f3\ufe0f\u200d\U0001f308", "\u00a9",
    ],
)  # fmt: skip
def test_what_is_an_emoji(emoji: str):
    assert react(None, ANN, emoji) == (added(ANN, emoji),)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "+1", ":+1:", "1", THUMB * 2, f"{THUMB}a", "\U0001f3fd", "\U0001f1e9", "\ufe0f",
        "<b>", "\u200d", f"{THUMB}\u200d", "\u65e5", f"{THUMB}\u200d" * 40 + THUMB,
        "\U0001f1e9\u200d\U0001f1ea",
    ],
)  # fmt: skip
def test_what_is_none(text: str):
    task_of().when(decisions.react, SAID, None, user_id=ANN, emoji=text, limits=LIMITS).invalid(
        "/emoji unknown"
    )


def test_nobody_reacts_in_the_trash():
    trashed = task_of(TaskTrashed())
    who = {"user_id": ANN, "emoji": THUMB}
    trashed.when(decisions.react, SAID, None, limits=LIMITS, **who).refused(Kind.TRASHED)
    trashed.when(decisions.take_back, SAID, None, **who).refused(Kind.TRASHED)
