"""Tables are read back as they were said, and hold no formula."""

import csv
import io
from collections.abc import AsyncIterator

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.project.change_fields import ChangeFields
from commands.project.create_project import CreateProject
from commands.task.create_task import CreateTask
from domain.project.fields import FieldDraft
from domain.project.state import PROJECT
from domain.values.recorded import Origin
from infra.exports.histories import History
from infra.exports.people import Names
from infra.exports.tables import Sheet
from infra.exports.tasks_csv import tasks_csv
from infra.exports.trail_csv import trail_csv
from infra.exports.trail_walk import TrailEvent
from projections.task_answers import Facts, Progress
from tests.infra.imports.conftest import Office

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
formulas = st.sampled_from(
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "'=1"]
)
_BEGINS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@settings(max_examples=60)
@given(st.lists(st.lists(texts | formulas, min_size=2, max_size=3), min_size=1, max_size=4))
def test_any_text_comes_back_and_none_is_a_formula(rows: list[list[str]]):
    sheet = Sheet()
    for row in rows:
        sheet.row(row)
    found = read(sheet.taken())
    for row, cells in zip(rows, found, strict=True):
        for text, cell in zip(row, cells, strict=True):
            assert not cell.startswith(_BEGINS)
            assert cell == (f"'{text}" if text.startswith(("'", *_BEGINS)) else text)


def test_numbers_and_lines_are_as_rfc_4180_has_them():
    sheet = Sheet()
    sheet.row([-5, -0.5, True, None, 'a "word"', "two\nlines", ["-x", "y"]])
    assert sheet.taken() == b'-5,-0.5,true,,"a ""word""","two\nlines",\'-x; y\r\n'


class _NobodyKnown:
    async def names(self, user_ids: set[str]) -> dict[str, bytes]:
        return {}


async def test_a_task_is_a_line_with_its_custom_fields(office: Office):
    execute, origin = office.house.executor.execute, Origin(actor=office.user_id)
    made = await execute([CreateProject(workspace_id=office.workspace_id, name="Web")], origin)
    options = {"options": ("a", "b"), "option_names": {"a": "Always"}}
    fields = (
        FieldDraft(key="delta", name="=Delta", type="number"),
        FieldDraft(key="how", name="How", type="choices", **options),  # type: ignore[arg-type]
        FieldDraft(key="who", name="Who", type="user"),
    )
    await execute([ChangeFields(project_id=made.main_stream, fields=fields)], origin)
    task = await execute(
        [
            CreateTask(
                project_id=made.main_stream,
                title='=HYPERLINK("x")',
                description="one\ntwo, three",
                assignee_id=office.user_id,
                tags=("später", "-x"),
                priority="high",
                fields={"delta": -3, "how": ["a", "b"], "who": office.user_id},
            )
        ],
        origin,
    )
    project = await office.house.executor.states.read(PROJECT, made.main_stream)
    assert project is not None

    async def histories() -> AsyncIterator[History]:
        history = await office.house.histories.one(task.main_stream, await office.head())
        assert history is not None
        yield history

    async def facts_of(task_id: str) -> Facts:
        return Facts(comment_count=2, progress=Progress(1, 4))

    names = Names(_NobodyKnown(), office.house.executor.states)  # type: ignore[arg-type]
    pieces = tasks_csv(project, histories(), names, facts_of, {"später": "later"})
    header, line = read(b"".join([piece async for piece in pieces]))
    said = dict(zip(header, line, strict=True))
    assert said["key"] == "WEB-1"
    assert said["title"] == '\'=HYPERLINK("x")'
    assert said["description"] == "one\ntwo, three"
    assert (said["status"], said["status_key"]) == ("To do", "todo")
    assert (said["assignees"], said["creator_id"]) == ("ines", office.user_id)
    assert said["tags"] == "later; -x"
    assert (said["priority"], said["priority_level"]) == ("high", "3")
    assert (said["comment_count"], said["subtasks_done"], said["subtasks"]) == ("2", "1", "4")
    assert (said["field: =Delta"], said["field: How"], said["field: Who"]) == (
        "-3",
        "Always; b",
        "ines",
    )


async def test_an_event_of_the_trail_is_a_line():
    async def events() -> AsyncIterator[TrailEvent]:
        actor = {"user_id": "user_1", "name": "+Ines"}
        yield {
            "position": 7,
            "type": "TaskRetitled",
            "stream": "task_1",
            "version": 2,
            "actor": actor,
            "data": {"title": "a, b"},
            "reason": "-x",
            "erased": [],
            "unreadable": False,
        }
        yield {"position": 8, "unreadable": True, "actor": None, "data": None}

    header, first, second = read(b"".join([piece async for piece in trail_csv(events())]))
    said = dict(zip(header, first, strict=True))
    assert (said["position"], said["actor"], said["actor_id"]) == ("7", "'+Ines", "user_1")
    assert (said["data"], said["reason"], said["erased"]) == ('{"title":"a, b"}', "'-x", "")
    assert dict(zip(header, second, strict=True))["unreadable"] == "true"
