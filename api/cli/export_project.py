"""Exports a project for the command line: as one of its formats, recorded before it is there."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from api.cli.answers import give_json
from api.cli.door import house_of
from api.cli.exits import BAD_USE, Exit
from api.cli.progress import Moving, step
from commands.export.record_export import RecordExport
from domain.values.recorded import Origin
from infra import logs
from infra.bootstrap import House
from infra.exports.histories import History
from infra.exports.people import Names
from infra.exports.project import ExportedProject, ExportedProjects
from infra.exports.whole_file import Digested, digested_file
from infra.exports.xes import xes
from infra.ids import new_id
from infra.settings import Settings

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


@dataclass(slots=True)
class Told:
    """What a file tells, counted as it goes by."""

    tasks: int = 0
    events: int = 0


def run(wanted: ProjectExport, *, as_json: bool) -> None:
    """Raises Exit where the file cannot be written."""
    began = time.monotonic()
    logs.configure("error", "export")
    settings = Settings.load().resolve()
    told = Told()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            size = runner.run(_export(settings, wanted, told))
    except OSError as error:
        raise cannot_write(wanted.out, error) from error
    summary = {
        "file": str(wanted.out),
        "format": wanted.format,
        "tasks": told.tasks,
        "events": told.events,
        "bytes": size,
        "seconds": round(time.monotonic() - began, 3),
    }
    if as_json:
        give_json(summary)
    else:
        sys.stdout.write(
            f"{told.tasks:,} tasks with {told.events:,} events in {wanted.out} ({size:,} bytes)\n"
        )


def cannot_write(path: Path, error: OSError) -> Exit:
    return Exit(BAD_USE, f"{path} cannot be written: {error.strerror}.")


async def _export(settings: Settings, wanted: ProjectExport, told: Told) -> int:
    """The size of the file."""
    async with house_of(settings) as house:
        found = await ExportedProjects(house.store, house.executor).find(
            wanted.project, wanted.workspace, wanted.user
        )
        upto = await house.store.head()
        count = await house.histories.count(found.project)
        with digested_file(wanted.out) as file, step("Exporting", count) as shown:
            histories = house.histories.of(found.project, upto)
            passed = _counted(histories, told, shown)
            async for piece in _FORMATS[wanted.format](house, found, passed):
                file.content(piece)
            await _record(house, found, wanted, told, file)
        return file.size


async def _counted(
    histories: AsyncIterator[History], told: Told, shown: Moving
) -> AsyncIterator[History]:
    async for history in histories:
        told.tasks += 1
        told.events += len(history.events)
        shown.to(told.tasks)
        yield history


async def _record(
    house: House, found: ExportedProject, wanted: ProjectExport, told: Told, file: Digested
) -> None:
    """Raises Refused where they may not: then there is no file."""
    command = RecordExport(
        workspace_id=found.workspace.workspace_id,
        export_id=new_id("exp"),
        format=wanted.format,
        events=told.events,
        digest=file.ended(),
        filter={"project": found.project.project_id},
    )
    await house.executor.execute([command], Origin(actor=found.user_id, via="cli"))


def _as_xes(
    house: House, found: ExportedProject, histories: AsyncIterator[History]
) -> AsyncIterator[bytes]:
    return xes(found.project, histories, Names(house.directory, house.executor.states))


_FORMATS: Final[dict[str, Format]] = {"xes": _as_xes}
