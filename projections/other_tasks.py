"""Other tasks that stored answers name: each place a mark, and left out at the door for whoever may
not see them.

A stored answer is the same for all who ask, but a task may depend on one in a project that only
some may see. A list of tasks shows those that its reader may see; where one task belongs, whoever
may not see it is shown null.
"""

from collections.abc import Collection, Iterable
from typing import Annotated, Final

import msgspec

from .marks import mark

TaskMark = Annotated[
    msgspec.Raw,
    msgspec.Meta(
        description="The id of a task that you may see.",
        extra_json_schema={"type": ["string", "null"]},
    ),
]
TaskMarks = Annotated[
    msgspec.Raw,
    msgspec.Meta(
        description="The ids of those that you may see.",
        extra_json_schema={"type": "array", "items": {"type": "string"}},
    ),
]

_NONE: Final = msgspec.Raw(b"[]")
_ALONE: Final = b"[["


_json = msgspec.json.Encoder()
_ids = msgspec.json.Decoder(list[str])


def task_mark(task_id: str) -> TaskMark:
    """The place of one task's id."""
    return mark(_json.encode([[task_id]]))


def task_marks(task_ids: Iterable[str]) -> TaskMarks:
    """The place of a list of ids; none need no mark."""
    listed = list(task_ids)
    return mark(_json.encode(listed)) if listed else _NONE


def tasks_named(marks: Iterable[bytes]) -> dict[bytes, list[str]]:
    """What marks of the kind `TASKS` hold, and the ids of the tasks that they name."""
    return {each: _ids.decode(each[1:-1] if each.startswith(_ALONE) else each) for each in marks}


def tasks_said(held: bytes, task_ids: Iterable[str], visible: Collection[str]) -> bytes:
    """What such a mark says to a reader who may see the tasks `visible`."""
    seen = [each for each in task_ids if each in visible]
    if held.startswith(_ALONE):
        return _json.encode(seen[0] if seen else None)
    return _json.encode(seen)
