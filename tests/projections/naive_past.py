"""What each field of a task held and when, read off its folded states, one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.task.state import TASK, Task
from projections.intervals import CHOICES, FIELD, as_value, kept
from tests.projections.history import History


@dataclass(frozen=True, slots=True)
class Stay:
    """One value of one field, from one event to another; `end` None: still."""

    value: str
    first: datetime
    by: str
    made: bool
    position: int
    end: datetime | None = None
    end_by: str | None = None
    end_position: int | None = None


def held(task: Task, field: str) -> set[str]:
    """The values of a field as intervals keep them."""
    some = {"assignee": task.assignee_ids, "label": task.tags}
    if field.startswith((FIELD, CHOICES)):
        name, key = field.split(".", 1)
        value = task.fields.get(key)
        if name == "choices":
            return set(map(kept, value if isinstance(value, tuple) else ())) or {""}
        return {"" if isinstance(value, tuple) else kept(value)}
    if field in some:
        return set(some[field]) or {""}
    one: dict[str, object] = {
        "status": task.status,
        "priority": task.priority,
        "type": task.type,
        "parent": task.parent_task_id,
        "project": task.project_id,
        "due": task.due_date,
        "start": task.start_date,
        "estimate": task.estimate,
        "blocked": "true" if task.is_blocked else "false",
        "trashed": "true" if task.trashed else "false",
    }
    return {as_value(one[field])}  # type: ignore[arg-type]


def stays(past: History, task_id: str, field: str) -> list[Stay]:
    return list(_stays(past, task_id, field))


def _stays(past: History, task_id: str, field: str) -> Iterator[Stay]:
    state: Task | None = None
    lasting: dict[str, Stay] = {}
    for each in past.events:
        if each.stream != task_id:
            continue
        stamp = each.stamp
        before = set() if state is None else held(state, field)
        made = state is None
        state = TASK.evolve(state, each.event, stamp)
        assert state is not None
        now = held(state, field)
        for value in before - now:
            stay = lasting.pop(value)
            yield Stay(
                value, stay.first, stay.by, stay.made, stay.position,
                stamp.at, stamp.actor, stamp.position,
            )  # fmt: skip
        for value in now - before:
            lasting[value] = Stay(value, stamp.at, stamp.actor, made, stamp.position)
    yield from lasting.values()
