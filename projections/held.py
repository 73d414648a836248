"""What the marks of a stored answer hold, and how it left when it was filled in last."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from .labels import HeldTags, tags_held
from .marks import LABELS, PERSON, TASKS, Marked
from .other_tasks import tasks_named
from .people import people_in


class Held(NamedTuple):
    """Who and what an answer names: by mark the person's id, the tags, the ids of other tasks."""

    people: Mapping[bytes, str]
    tags: Mapping[bytes, HeldTags]
    tasks: Mapping[bytes, Sequence[str]]

    @classmethod
    def by(cls, marked: Marked) -> Self:
        return cls(
            people_in(marked.of(PERSON)),
            tags_held(marked.of(LABELS)),
            tasks_named(marked.of(TASKS)),
        )


class Filled:
    """An answer as it left last, beside the one that is stored: it leaves so again for as long as
    all its marks say what they said then. What they say is asked each time, so whoever may see
    less, or asks after a rename or an erasure, is given another one. Nothing at first."""

    __slots__ = ("body", "held", "said", "tag")

    def __init__(self) -> None:
        self.held: Held | None = None
        self.said: Mapping[bytes, bytes] | None = None
        self.body = b""
        self.tag = b""
