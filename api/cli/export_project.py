"""Exports a project for the command line, as one of its formats."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from api.cli.exporting import Told, export, record
from api.cli.house import house_of
from api.cli.progress import Moving, step
from domain.labels.state import LABELS, labels_of, shown_otherwise
from domain.values.frozen import dataclass
from infra.bootstrap import House
from infra.exports import ocel as object_centric
from infra.exports.histories import History
from infra.exports.people import Names
from infra.exports.project import ExportedProject, ExportedProjects
from infra.exports.tasks_csv import tasks_csv
from infra.exports.whole_file import digested_file
from infra.exports.xes import xes
from infra.settings import Settings
from projections.task_answers import Facts

Pieces = AsyncIterator[bytes]
Format = Callable[[House, ExportedProject, AsyncIterator[History]], Pieces]


@dataclass(frozen=True, slots=True)
class ProjectExport:
    """`workspace` and `user` are as on the command line, None where not given."""

    format: str
    project: str
    workspace: str | None
    user: str | None
    out: Path


def run(wanted: ProjectExport, *, as_json: bool) -> None:
    """Raises Exit where the file cannot be written."""
    told = Told(tasks=0)

    async def write(settings: Settings) -> int:
        return await _write(settings, wanted, told)

    export(wanted.out, wanted.format, told, write, as_json)


async def _write(settings: Settings, wanted: ProjectExport, told: Told) -> int:
    async with house_of(settings) as house:
        found = await ExportedProjects(house.store, house.executor).find(
            wanted.project, wanted.workspace, wanted.user
        )
        upto = await house.store.head()
        count = await house.histories.count(found.project)
        with digested_file(wanted.out) as file, step("Exporting", count) as shown:
            passed = _counted(house.histories.of(found.project, upto), told, shown)
            async for piece in _FORMATS[wanted.format](house, found, passed):
                file.content(piece)
            asked = {"project": found.project.project_id}
            workspace_id = found.workspace.workspace_id
            await record(house, found.user_id, workspace_id, wanted.format, told, asked, file)
        return file.size


async def _counted(
    histories: AsyncIterator[History], told: Told, shown: Moving
) -> AsyncIterator[History]:
    tasks = 0
    async for history in histories:
        tasks += 1
        told.tasks = tasks
        told.events += len(history.events)
        shown.to(tasks)
        yield history


def _as_xes(house: House, found: ExportedProject, histories: AsyncIterator[History]) -> Pieces:
    return xes(found.project, histories, Names(house.directory, house.executor.states))


def _as_ocel(house: House, found: ExportedProject, histories: AsyncIterator[History]) -> Pieces:
    names = Names(house.directory, house.executor.states)
    return object_centric.ocel([(found.project, histories)], names, object_centric.Told())


async def _as_csv(
    house: House, found: ExportedProject, histories: AsyncIterator[History]
) -> Pieces:
    workspace_id = found.workspace.workspace_id
    labels = await house.executor.states.read(LABELS, labels_of(workspace_id))

    async def facts_of(task_id: str) -> Facts:
        return await house.tasks.facts(workspace_id, task_id)

    pieces = tasks_csv(
        found.project,
        histories,
        Names(house.directory, house.executor.states),
        facts_of,
        {} if labels is None else shown_otherwise(labels),
    )
    async for piece in pieces:
        yield piece


_FORMATS: Final[dict[str, Format]] = {"xes": _as_xes, "ocel": _as_ocel, "csv": _as_csv}
