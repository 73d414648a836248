"""The reactions to a comment as their events leave them.

They are a stream of their own beside the comment's: somebody who reacts does not change what the
author is just editing, and the comment's version stays that of its text.
"""

from collections.abc import Mapping
from dataclasses import field

from domain.aggregate import Aggregate
from domain.reactions.events import ReactionAdded, ReactionRemoved
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactions(StreamState):
    """`given`: emoji -> who reacted with it, both in the order in which they came."""

    comment_id: str
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def reactions_of(comment_id: str) -> str:
    """The stream of the reactions to a comment."""
    return beside("rct", comment_id)


def evolve(state: Reactions | None, event: object, stamp: Stamp) -> Reactions | None:
    if state is None:
        if not isinstance(event, ReactionAdded):
            return None
        state = begun(Reactions, stamp, comment_id=event.comment_id)
    return touched(state, stamp, given=given_after(state.given, event))


def given_after(
    given: Mapping[str, tuple[str, ...]], event: object
) -> Mapping[str, tuple[str, ...]]:
    """All reactions after one came or went."""
    match event:
        case ReactionAdded():
            before = given.get(event.emoji, ())
            if event.user_id in before:
                return given
            return {**given, event.emoji: (*before, event.user_id)}
        case ReactionRemoved():
            left = tuple(each for each in given.get(event.emoji, ()) if each != event.user_id)
            others = {emoji: people for emoji, people in given.items() if emoji != event.emoji}
            return {**given, event.emoji: left} if left else others
        case _:
            return given


REACTIONS = Aggregate("rct", evolve)
