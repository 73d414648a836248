"""What came in as an event log goes out as one: the same cases, attributes and values."""

import gzip
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from commands.imports.event_log import Attributes, Trace
from commands.imports.reading import Reading, reading
from commands.project.create_project import CreateProject
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from domain.project.state import PROJECT
from domain.values.limits import Limits
from domain.values.recorded import Origin
from infra.exports.histories import History
from infra.exports.people import Names
from infra.exports.xes import xes
from infra.exports.xes_values import attributes
from infra.imports.xes import XesFile
from tests.infra.imports.conftest import Office
from tests.infra.imports.test_xes_round_trip import attributes as any_attributes


@settings(max_examples=40)
@given(any_attributes)
def test_whatever_an_attribute_holds_is_read_back(given_attributes: Attributes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.xes")
        own = attributes(given_attributes)
        path.write_text(f"<log><trace><event>{own}</event></trace></log>", encoding="utf-8")
        (trace,) = XesFile(path).traces()
    assert isinstance(trace, Trace)
    assert trace.events[0].attributes == given_attributes


async def exported(office: Office, project_id: str, tasks: list[str], to: Path) -> XesFile:
    """Without any view: which tasks there are is told."""
    house = office.house
    project = await house.executor.states.read(PROJECT, project_id)
    assert project is not None

    async def histories() -> AsyncIterator[History]:
        for task_id in tasks:
            history = await house.histories.one(task_id, await office.head())
            assert history is not None
            yield history

    names = Names(_NobodyKnown(), house.executor.states)  # type: ignore[arg-type]
    pieces = [piece async for piece in xes(project, histories(), names)]
    return _kept(to, b"".join(pieces))


def _kept(to: Path, content: bytes) -> XesFile:
    to.write_bytes(gzip.compress(content))
    return XesFile(to)


class _NobodyKnown:
    """The directory of a process whose views have not moved: the log is asked instead."""

    async def names(self, user_ids: set[str]) -> dict[str, bytes]:
        return {}


def read(log: XesFile) -> tuple[Reading, dict[str | None, Any]]:
    """What gives events their status, and of each trace its attributes, statuses and events."""
    understood = reading(log.header, None, Limits())
    traces: dict[str | None, Any] = {}
    for trace in log.traces():
        assert isinstance(trace, Trace)
        statuses = [record.status for record in understood.records(trace)]
        events = [dict(event.attributes) for event in trace.events]
        traces[trace.name] = (dict(trace.attributes), statuses, events)
    return understood, traces


async def test_a_made_log_goes_out_as_it_came_in(office: Office, samples: Path, tmp_path: Path):
    """Attributes of every type, nested ones, people, times with their offsets; and the attributes
    that a status is made of are found again, with what stands for one that is missing."""
    log = XesFile(samples / "helpdesk.xes")
    _, place = await office.bring_in(samples / "helpdesk.xes")
    tasks = [office.task_id(place, str(trace.name)) for trace in log.traces()]  # type: ignore[union-attr]
    before = read(log)
    after = read(await exported(office, place.project_id, tasks, tmp_path / "out.xes.gz"))
    assert after[0].classifier.keys == before[0].classifier.keys
    assert after[1] == before[1]


async def test_what_happened_here_follows_what_was_imported(
    office: Office, samples: Path, tmp_path: Path
):
    _, place = await office.bring_in(samples / "helpdesk.xes")
    task_id = office.task_id(place, "HL-1001")
    origin = Origin(actor=office.user_id)
    changed = ChangeStatus(task_id=task_id, status="reported_first")
    await office.house.executor.execute([changed], origin)
    log = await exported(office, place.project_id, [task_id], tmp_path / "out.xes.gz")
    _, traces = read(log)
    _, statuses, events = traces["HL-1001"]
    assert statuses[-2:] == ["Solved+second", "Reported+first"]
    assert (events[-1]["concept:name"], events[-1]["org:resource"]) == ("Reported", "ines")


async def test_a_project_that_began_here_is_a_log_too(office: Office, tmp_path: Path):
    origin = Origin(actor=office.user_id)
    house = office.house
    made = await house.executor.execute(
        [CreateProject(workspace_id=office.workspace_id, name="Web & <more>")], origin
    )
    project_id = made.main_stream
    task = await house.executor.execute(
        [CreateTask(project_id=project_id, title='Say "hello" & <bye>')], origin
    )
    await house.executor.execute(
        [ChangeStatus(task_id=task.main_stream, status="in_progress")], origin
    )
    log = await exported(office, project_id, [task.main_stream], tmp_path / "out.xes.gz")
    _, traces = read(log)
    ((own, statuses, _),) = traces.values()
    assert own["title"] == 'Say "hello" & <bye>'
    assert statuses == ["To do", "In progress"]
