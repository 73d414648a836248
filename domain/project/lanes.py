"""Lanes: by what the cards of one column stand apart."""

from collections.abc import Sequence
from typing import Final, Literal, get_args

from domain.values.priority import band_of

Swimlane = Literal["assignee", "priority", "label", "parent"]

SWIMLANES: Final[tuple[Swimlane, ...]] = get_args(Swimlane)

USUAL_SWIMLANE: Final[Swimlane] = "assignee"


def lane_key(by: str, value: str | None) -> str:
    """A lane as a word: `assignee:user_...`. None is the lane of cards without any."""
    return f"{by}:{value or ''}"


def lane_value(key: str) -> str | None:
    """What `lane_key` was made from."""
    return key.partition(":")[2] or None


def lanes_of(
    by: str,
    *,
    assignee_ids: Sequence[str],
    priority: int,
    tags: Sequence[str],
    parent_task_id: str | None,
) -> tuple[str, ...]:
    """The lanes in which a card stands: one for each of its assignees or labels, that of none
    where it has none."""
    values: Sequence[str | None]
    match by:
        case "assignee":
            values = assignee_ids
        case "label":
            values = tags
        case "priority":
            values = (band_of(priority),)
        case _:
            values = (parent_task_id,)
    return tuple(_keys(by, values))


def lanes_of_every_kind(
    assignee_ids: Sequence[str], priority: int, tags: Sequence[str], parent_task_id: str | None
) -> list[str]:
    """The lanes in which a card stands, whichever way lanes are told apart."""
    return [
        *_keys("assignee", assignee_ids),
        *_keys("priority", (band_of(priority),)),
        *_keys("label", tags),
        *_keys("parent", (parent_task_id,)),
    ]


def _keys(by: str, values: Sequence[str | None]) -> list[str]:
    return [lane_key(by, value) for value in values or (None,)]
