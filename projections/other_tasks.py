"""Other tasks that stored answers name: each place marked, and left out at the door for whoever
may not see them.

A stored answer is the same for all who ask, but a task may depend on one in a project that only
some may see. Where another task's id belongs stands `{"@task":"<task id>"}`: a string for those
who may see it; for the others nothing in a list, and null elsewhere. No user shapes an object
there that could be taken for one, but for imported attributes, which could only hide themselves.
"""

import re
from collections.abc import Collection, Iterable

import msgspec

_MARK = rb'\{"@task":"(task_[0-9a-z]{26})"\}'
_PLACE = re.compile(
    rb'\[((?:\{"@task":"task_[0-9a-z]{26}"\},?)+)\]|' + _MARK,
)
_EACH = re.compile(_MARK)
_SIGN = b'{"@task":"'


class TaskMark(msgspec.Struct, frozen=True, gc=False):
    """The place of a task's id."""

    task_id: str = msgspec.field(name="@task")


def task_marks(task_ids: Iterable[str]) -> list[TaskMark]:
    return [TaskMark(each) for each in task_ids]


def tasks_named(doc: bytes) -> set[str]:
    """The ids of all tasks that an answer names at marked places: of most answers none, which
    takes a microsecond to see."""
    if _SIGN not in doc:
        return set()
    return {each.decode() for each in _EACH.findall(doc)}


def fill_tasks(doc: bytes, visible: Collection[str]) -> bytes:
    """The answer with the ids of those tasks that its reader may see."""
    seen = {each.encode() for each in visible}

    def fill(place: re.Match[bytes]) -> bytes:
        listed, alone = place.groups()
        if listed is None:
            return b'"%b"' % alone if alone in seen else b"null"
        kept = [each for each in _EACH.findall(listed) if each in seen]
        return b"[%b]" % b",".join([b'"%b"' % each for each in kept])

    return _PLACE.sub(fill, doc)
