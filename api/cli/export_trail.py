"""Exports a workspace's trail in a period, as a table or a report, for the command line."""

from pathlib import Path

from api.cli.exporting import Told, export, made
from api.cli.house import house_of
from domain.values.frozen import dataclass
from domain.values.recorded import Origin
from infra.exports.exporter import AskedExport
from infra.exports.filters import trail_filter
from infra.exports.project import ExportedProjects
from infra.ids import new_id
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
    """Raises Exit where there is no file."""
    told = Told()

    async def write(settings: Settings) -> int:
        return await _write(settings, wanted, told)

    export(wanted.out, wanted.format, told, write, as_json)


async def _write(settings: Settings, wanted: TrailExport, told: Told) -> int:
    period = trail_filter(since=wanted.since, until=wanted.until)
    async with house_of(settings) as house:
        found = await ExportedProjects(house.store, house.executor).workspace(
            wanted.workspace, wanted.user
        )
        asked = AskedExport(
            export_id=new_id("exp"),
            workspace_id=found.workspace.workspace_id,
            format=wanted.format,
            wanted=period,
            origin=Origin(actor=found.user_id, via="cli"),
        )
        exported = await made(house, asked, wanted.out)
        told.events = exported.events
        return exported.size
