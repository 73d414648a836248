"""Tasks that an answer names are shown to those who may see them, and to nobody else."""

import json

import msgspec
import pytest

from projections.other_tasks import task_mark, task_marks
from tests.projections.history import made_id
from tests.projections.marked import filled, tasks_of

ONE, TWO, THREE = (made_id("task", number) for number in (1, 2, 3))


def doc(*listed: str, alone: str = ONE) -> bytes:
    return msgspec.json.encode(
        {"blocked_by": task_marks(listed), "changes": {"new_value": task_mark(alone)}, "tags": []}
    )


@pytest.mark.parametrize("visible", [(), (ONE,), (TWO,), (THREE,), (ONE, THREE), (ONE, TWO, THREE)])
def test_who_may_not_see_a_task_is_not_shown_its_id(visible: tuple[str, ...]) -> None:
    stored = doc(ONE, TWO, THREE)
    assert tasks_of(stored) == {ONE, TWO, THREE}
    assert json.loads(filled(stored, visible=visible)) == {
        "blocked_by": [each for each in (ONE, TWO, THREE) if each in visible],
        "changes": {"new_value": ONE if ONE in visible else None},
        "tags": [],
    }


def test_what_people_write_is_left_as_it_is() -> None:
    text = f'\t["{ONE}"]\t'
    stored = msgspec.json.encode({"title": text, "blocked_by": task_marks(())})
    assert tasks_of(stored) == set()
    assert json.loads(filled(stored)) == {"title": text, "blocked_by": []}
