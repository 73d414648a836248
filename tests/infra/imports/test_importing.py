"""A log comes into a real event log: whole, once, and again where it has grown."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commands.dependency_graph.add_dependency import AddDependency
from commands.imports.event_log import Broken, Trace
from commands.imports.importer import BrokenLog, surveyed
from commands.imports.reading import reading
from commands.ports import StreamMoved
from commands.project.change_columns import ChangeColumns
from commands.project.change_workflow import ChangeWorkflow
from domain.errors import Kind, Refused
from domain.project.board import ColumnDraft
from domain.project.state import PROJECT
from domain.project.workflow import Status
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskFieldsChanged,
    TaskRecordImported,
    TaskStatusChanged,
    TaskUnblocked,
)
from domain.task.state import TASK
from domain.user.state import USER
from domain.values.limits import Limits
from domain.values.recorded import Origin
from domain.workspace.state import WORKSPACE
from infra.bootstrap import House
from infra.imports.xes import XesFile
from tests.infra.imports.conftest import Office

EVENT = (
    '<event><string key="concept:name" value="{}"/><string key="org:resource" value="{}"/></event>'
)


def written(path: Path, **traces: list[tuple[str, str]]) -> Path:
    """A log of these traces, each a list of (status, who)."""
    text = "".join(
        f'<trace><string key="concept:name" value="{name}"/>'
        f"{''.join(EVENT.format(*event) for event in events)}</trace>"
        for name, events in traces.items()
    )
    path.write_text(f"<log>{text}</log>")
    return path


async def test_a_log_comes_in_with_its_history(office: Office, samples: Path):
    importer, place = await office.bring_in(samples / "helpdesk.xes")
    assert (importer.survey.tasks, importer.survey.records, importer.survey.skipped) == (4, 10, 0)
    project = await office.house.executor.states.read(PROJECT, place.project_id)
    assert project is not None
    assert [(status.name, status.category) for status in project.workflow.statuses] == [
        ("Reported+first", "todo"),
        ("Investigated+first", "in_progress"),
        ("Solved+second", "done"),
        ("Waiting for parts+first", "done"),
    ]
    assert [column.name for column in project.columns] == [
        status.name for status in project.workflow.statuses
    ]
    assert [(field.key, field.type) for field in project.fields] == [
        ("branch", "text"), ("public", "checkbox"), ("device", "text"), ("minutes spent", "number"),
        ("guarantee until", "date"),
    ]  # fmt: skip
    history = await office.history(place, "HL-1001")
    assert [type(each.event) for each in history] == [
        TaskCreated,
        TaskRecordImported,
        TaskRecordImported, TaskStatusChanged, TaskFieldsChanged,
        TaskRecordImported, TaskAssigned,
        TaskRecordImported, TaskStatusChanged, TaskFieldsChanged,
    ]  # fmt: skip
    assert len({each.command_id for each in history}) == 1
    assert {each.origin.via for each in history} == {"import"}
    assert str(history[2].stamp.occurred_at) == "2024-03-04 08:40:30.250000+00:00"
    task = TASK.fold((each.event, each.stamp) for each in history)
    assert task is not None
    assert (task.key, task.title, task.external_id) == ("HELP-1", "HL-1001", "HL-1001")
    assert task.status == "solved_second"
    assert task.fields == {
        "branch": "Old Harbour",
        "public": True,
        "device": "Reading lamp <desk 7>",
        "minutes spent": 45,
        "guarantee until": "2025-03-04T23:00:00Z",
    }
    (only,) = await office.history(place, "HL-1004")
    assert isinstance(only.event, TaskCreated)
    assert only.event.status == "reported_first"


async def test_people_are_members_who_cannot_log_in(office: Office, samples: Path):
    await office.bring_in(samples / "helpdesk.xes")
    states = office.house.executor.states
    workspace = await states.read(WORKSPACE, office.workspace_id)
    assert workspace is not None
    people = [await states.read(USER, id_) for id_ in workspace.members if id_ != office.user_id]
    assert sorted(str(user.name) for user in people if user) == [
        "Ines Moreau", "Night desk", "Tomás Řehoř",
    ]  # fmt: skip
    assert {workspace.role_of(user.user_id) for user in people if user} == {"member"}
    assert not any(user.can_log_in for user in people if user)


async def test_run_twice_it_adds_nothing(office: Office, samples: Path):
    await office.bring_in(samples / "helpdesk.xes")
    head = await office.head()
    importer, _ = await office.bring_in(samples / "helpdesk.xes")
    assert importer.progress.events == 0
    assert await office.head() == head


async def test_a_lost_answer_is_answered_from_the_log(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The task is believed to be new, and is there: the command's id tells."""
    file = written(tmp_path / "log.xes", A=[("open", "Ann")])
    _, place = await office.bring_in(file)
    head = await office.head()
    monkeypatch.setattr(office.house.store, "existing", _only_people)
    importer, _ = await office.bring_in(file)
    assert importer.progress.events == 0
    assert await office.head() == head
    assert len(await office.history(place, "A")) == 2


async def _only_people(streams: Collection[str]) -> set[str]:
    return {stream for stream in streams if stream.startswith("user_")}


async def test_another_project_and_another_workspace_are_new(
    office: Office, house: House, samples: Path
):
    first, _ = await office.bring_in(samples / "helpdesk.xes", "ONE")
    second, _ = await office.bring_in(samples / "helpdesk.xes", "TWO")
    # The people of the workspace are there already: three who came in and became members.
    assert second.progress.events == first.progress.events - 6
    other = await Office.open(house, "tomas")
    third, _ = await other.bring_in(samples / "helpdesk.xes", "ONE")
    assert third.progress.events == first.progress.events
    mine, theirs = [
        await house.executor.states.read(WORKSPACE, each.workspace_id) for each in (office, other)
    ]
    assert mine is not None
    assert theirs is not None
    assert not set(mine.members) & set(theirs.members)


async def test_a_grown_log_adds_only_what_is_new(office: Office, tmp_path: Path):
    file = tmp_path / "log.xes"
    await office.bring_in(written(file, A=[("open", "Ann")], B=[("open", "Bo")]))
    grown = written(
        file, A=[("open", "Ann"), ("done", "Cy")], B=[("open", "Bo")], C=[("new", "Ann")]
    )
    importer, place = await office.bring_in(grown)
    assert [type(each.event) for each in (await office.history(place, "A"))[2:]] == [
        TaskRecordImported,
        TaskStatusChanged,
        TaskAssigned,
    ]
    assert len(await office.history(place, "B")) == 2
    assert len(await office.history(place, "C")) == 2
    # Beside these: the workflow, and Cy with the membership.
    assert importer.progress.events == 3 + 2 + 1 + 2
    project = await office.house.executor.states.read(PROJECT, place.project_id)
    assert project is not None
    assert [status.name for status in project.workflow.statuses] == ["open", "done", "new"]


async def test_history_comes_in_whatever_a_column_may_hold(office: Office, tmp_path: Path):
    """Limits of work in progress are for what is done from now on. Nothing follows this log: a
    question to a view would be refused."""
    file, grown = tmp_path / "a.xes", tmp_path / "b.xes"
    _, place = await office.bring_in(written(file, A=[("open", "Ann")]))
    states = office.house.executor.states
    project = await states.read(PROJECT, place.project_id)
    assert project is not None
    narrow = tuple(
        ColumnDraft(name=each.name, statuses=each.statuses, column_id=each.column_id, wip_limit=1)
        for each in project.columns
    )
    command = ChangeColumns(project_id=place.project_id, columns=narrow)
    await office.house.executor.execute([command], Origin(office.user_id))
    more = written(grown, A=[("open", "Ann")], B=[("open", "Bo")], C=[("open", "Bo")])
    await office.bring_in(more)
    found = [await states.read(TASK, office.task_id(place, name)) for name in "ABC"]
    assert len({task.status for task in found if task is not None}) == 1


async def test_a_present_project_is_only_added_to(office: Office, samples: Path):
    _, place = await office.bring_in(samples / "helpdesk.xes", "ME")
    project = await office.house.executor.states.read(PROJECT, place.project_id)
    assert project is not None
    assert project.is_personal
    keys = [status.key for status in project.workflow.statuses]
    assert keys[:6] == ["todo", "in_progress", "in_review", "blocked", "done", "cancelled"]
    assert len(project.columns) == len(keys) == 10


async def test_a_past_that_reads_otherwise_is_told_and_left_as_it_is(
    office: Office, tmp_path: Path
):
    file = tmp_path / "log.xes"
    _, place = await office.bring_in(written(file, A=[("open", "Ann")], B=[("open", "Ann")]))
    written(file, A=[("shut", "Ann")], B=[("open", "Ann"), ("shut", "Ann")])
    with pytest.raises(BrokenLog):
        await office.bring_in(file)
    importer, _ = await office.bring_in(file, skip_bad=True)
    (fault,) = importer.survey.faults
    assert (fault.trace, fault.records) == ("A", 1)
    assert "not those imported before" in fault.reason
    assert len(await office.history(place, "A")) == 2
    assert len(await office.history(place, "B")) == 4


async def test_broken_traces_are_left_out_whole(office: Office, samples: Path):
    importer, place = await office.bring_in(samples / "helpdesk_bad_xml.xes", skip_bad=True)
    assert [fault.trace for fault in importer.survey.faults] == ["HL-1002"]
    assert not await office.history(place, "HL-1002")
    assert len(await office.history(place, "HL-1003")) > 0


class _Dies(Exception):
    """Stands for a process that is killed."""


class _CutShort(XesFile):
    """Reads only the first traces in its second reading."""

    readings = 0

    def traces(self) -> Iterator[Trace | Broken]:
        self.readings += 1
        for number, found in enumerate(super().traces(), 1):
            if self.readings > 1 and number > 2:
                raise _Dies
            yield found


async def test_killed_in_the_middle_and_run_again_it_completes(office: Office, samples: Path):
    log = _CutShort(samples / "helpdesk.xes")
    survey = surveyed(log, reading(log.header, None, Limits()))
    with pytest.raises(_Dies):
        await office.bring_in_surveyed(log, survey)
    importer, place = await office.bring_in(samples / "helpdesk.xes")
    assert importer.survey.skipped == 0
    records = 0
    for name in ("HL-1001", "HL-1002", "HL-1003", "HL-1004"):
        history = await office.history(place, name)
        assert sum(isinstance(each.event, TaskCreated) for each in history) == 1
        records += sum(isinstance(each.event, TaskRecordImported) for each in history)
    assert records == 10


async def test_a_long_trace_comes_in_over_several_commits(office: Office, tmp_path: Path):
    events = [(("open", "shut")[number % 2], "Ann") for number in range(1203)]
    file = written(tmp_path / "log.xes", A=events)
    _, place = await office.bring_in(file)
    history = await office.history(place, "A")
    assert len({each.command_id for each in history}) == 3
    ordinals = [
        each.event.ordinal for each in history if isinstance(each.event, TaskRecordImported)
    ]
    assert ordinals == list(range(1, 1204))
    importer, _ = await office.bring_in(file)
    assert importer.progress.events == 0


async def test_two_imports_at_once_bring_it_in_once(office: Office, samples: Path):
    await office.bring_in(samples / "helpdesk_cut.xes", skip_bad=True)
    both = await asyncio.gather(
        office.bring_in(samples / "helpdesk.xes"),
        office.bring_in(samples / "helpdesk.xes"),
        return_exceptions=True,
    )
    done = [each for each in both if not isinstance(each, BaseException)]
    assert done
    assert all(isinstance(each, StreamMoved | tuple) for each in both)
    place = done[0][1]
    history = await office.history(place, "HL-1003")
    ordinals = [
        each.event.ordinal for each in history if isinstance(each.event, TaskRecordImported)
    ]
    assert ordinals == [1, 2, 3, 4]


async def test_who_may_not_make_members_may_not_bring_people_in(
    office: Office, house: House, samples: Path
):
    other = await Office.open(house, "tomas")
    stranger = Office(house, other.user_id, office.workspace_id)
    with pytest.raises(Refused) as refused:
        await stranger.bring_in(samples / "helpdesk.xes")
    assert refused.value.kind is Kind.NOT_FOUND


async def test_every_event_of_an_import_says_so(office: Office, samples: Path):
    """By which notifications, and whoever else acts on what people do, leave it alone."""
    importer, place = await office.bring_in(samples / "helpdesk.xes")
    streams = [place.project_id, *(office.task_id(place, f"HL-100{n}") for n in range(1, 5))]
    recorded = [each for stream in streams for each in await office.house.store.read_stream(stream)]
    assert len(recorded) == importer.progress.events - 6  # three people, who became members
    assert {each.origin for each in recorded} == {Origin(actor=office.user_id, via="import")}


async def test_what_a_record_finishes_frees_those_behind_it(office: Office, tmp_path: Path):
    log = tmp_path / "log.xes"
    _, place = await office.bring_in(written(log, one=[("new", "A")], two=[("new", "A")]))
    project = await office.house.executor.states.read(PROJECT, place.project_id)
    assert project is not None
    statuses = (
        *(replace(each, category="todo") for each in project.workflow.statuses),
        Status(key="shut", name="Shut", category="done"),
    )
    change = ChangeWorkflow(
        project_id=place.project_id, initial=statuses[0].key, statuses=statuses, any_move=True
    )
    one, two = (office.task_id(place, name) for name in ("one", "two"))
    run, origin = office.house.executor.execute, Origin(actor=office.user_id)
    await run([change], origin)
    await run([AddDependency(task_id=one, other_task_id=two)], origin)
    grown = written(log, one=[("new", "A"), ("Shut", "A")], two=[("new", "A")])
    await office.bring_in(grown)
    *_, blocked, free = await office.history(place, "two")
    assert blocked.event == TaskBlocked(blocked_by=(one,))
    assert free.event == TaskUnblocked(freed_by=(one,))
