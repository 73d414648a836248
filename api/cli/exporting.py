"""What every export of the command line does: nobody gets a file that is not written down."""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import uvloop

from api.cli.answers import give_json
from api.cli.exits import FOUND_WRONG, Exit, unwritable
from api.cli.progress import step
from commands.export.record_export import RecordExport
from domain.record.disclosure import NotReadable, SealBroken
from domain.values.recorded import Origin
from infra import logs
from infra.bootstrap import House
from infra.exports.exporter import AskedExport, Exported
from infra.exports.trail import TrailBroken
from infra.exports.whole_file import Digested
from infra.ids import new_id
from infra.settings import Settings


@dataclass(slots=True)
class Told:
    """What a file tells, counted as it goes by. `tasks` None: it is not of a project."""

    tasks: int | None = None
    events: int = 0


def export(
    out: Path, format_: str, told: Told, write: Callable[[Settings], Awaitable[int]], as_json: bool
) -> None:
    """Run `write`, which gives the size of the file, and sum it up. Raises Exit where the file
    cannot be written."""
    began = time.monotonic()
    logs.configure("error", "export")
    settings = Settings.load().resolve()

    async def run() -> int:
        return await write(settings)

    try:
        size = uvloop.run(run())
    except OSError as error:
        raise unwritable(out, error) from error
    if as_json:
        summary = {
            "file": str(out),
            "format": format_,
            "tasks": told.tasks,
            "events": told.events,
            "bytes": size,
            "seconds": round(time.monotonic() - began, 3),
        }
        give_json({name: value for name, value in summary.items() if value is not None})
        return
    tasks = "" if told.tasks is None else f"{told.tasks:,} tasks with "
    sys.stdout.write(f"{tasks}{told.events:,} events in {out} ({size:,} bytes)\n")


async def made(house: House, asked: AskedExport, out: Path) -> Exported:
    """A file of the trail, as over HTTP, with its steps shown. Raises Refused, OSError, and Exit
    where the log is not what was signed."""
    with ExitStack() as shown:

        def begin(title: str, total: int) -> Callable[[int], None]:
            shown.close()  # the step before
            return shown.enter_context(step(title, total)).to

        try:
            return await house.exporter.export(asked, out, begin)
        except (TrailBroken, NotReadable, SealBroken) as error:
            raise Exit(
                FOUND_WRONG,
                f"{error}. Nothing was exported; `taskledger verify --database` tells all.",
            ) from error


async def record(
    house: House,
    user_id: str,
    workspace_id: str,
    format_: str,
    told: Told,
    asked: Mapping[str, str],
    file: Digested,
) -> None:
    """That the file was made. Raises Refused where they may not: then there is no file."""
    command = RecordExport(
        workspace_id=workspace_id,
        export_id=new_id("exp"),
        format=format_,
        events=told.events,
        digest=file.ended(),
        filter=asked,
    )
    await house.executor.execute([command], Origin(actor=user_id, via="cli"))
