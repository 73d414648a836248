"""Exports a workspace's trail in a period for the command line."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from api.cli.door import house_of
from api.cli.exporting import Told, export, record
from api.cli.progress import Moving, step
from infra.exports.project import ExportedProjects
from infra.exports.trail_csv import trail_csv
from infra.exports.trail_walk import TrailEvent, as_asked, period, trail_events
from infra.exports.whole_file import digested_file
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class TrailExport:
    """All but `format` and `out` are as on the command line, None where not given."""

    format: str
    workspace: str | None
    user: str | None
    since: str | None
    until: str | None
    out: Path


def run(wanted: TrailExport, *, as_json: bool) -> None:
    """Raises Exit where the file cannot be written."""
    told = Told()

    async def write(settings: Settings) -> int:
        return await _write(settings, wanted, told)

    export(wanted.out, wanted.format, told, write, as_json)


async def _write(settings: Settings, wanted: TrailExport, told: Told) -> int:
    asked = period(wanted.since, wanted.until)
    async with house_of(settings) as house:
        found = await ExportedProjects(house.store, house.executor).workspace(
            wanted.workspace, wanted.user
        )
        workspace_id = found.workspace.workspace_id
        upto = await house.store.head()
        with digested_file(wanted.out) as file, step("Exporting", upto) as shown:
            events = trail_events(house.trail, house.waiter, workspace_id, asked, upto)
            async for piece in trail_csv(_counted(events, told, shown)):
                file.content(piece)
            await record(
                house, found.user_id, workspace_id, wanted.format, told, as_asked(asked), file
            )
        return file.size


async def _counted(
    events: AsyncIterator[TrailEvent], told: Told, shown: Moving
) -> AsyncIterator[TrailEvent]:
    async for event in events:
        told.events += 1
        shown.to(event["position"])
        yield event
