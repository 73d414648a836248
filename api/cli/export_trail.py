"""Exports a workspace's trail in a period for the command line."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from api.cli.exporting import Told, export, record
from api.cli.house import house_of
from api.cli.progress import Moving, step
from domain.values.frozen import dataclass
from domain.values.text import shown
from infra.bootstrap import House
from infra.exports.project import ExportedProjects, ExportedWorkspace
from infra.exports.report import About, report
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
        with digested_file(wanted.out) as file, step("Exporting", upto) as moving:
            events = trail_events(house.trail, house.waiter, workspace_id, asked, upto)
            passed = _counted(events, told, moving)
            if wanted.format == "csv":
                async for piece in trail_csv(passed):
                    file.content(piece)
            else:
                file.content(await _report(house, found, wanted, upto, passed))
            await record(
                house, found.user_id, workspace_id, wanted.format, told, as_asked(asked), file
            )
        return file.size


async def _report(
    house: House,
    found: ExportedWorkspace,
    wanted: TrailExport,
    upto: int,
    events: AsyncIterator[TrailEvent],
) -> bytes:
    # Here, since only who wants a report waits for the library that writes PDF.
    from infra.exports.report_html import report_html
    from infra.exports.report_pdf import report_pdf

    workspace = found.workspace

    async def projects_of(task_ids: Sequence[str]) -> Mapping[str, str]:
        return await house.histories.projects_of(workspace.workspace_id, task_ids)

    about = About(
        workspace=shown(workspace.name, workspace.workspace_id),
        workspace_id=workspace.workspace_id,
        log_id=house.log_id,
        asked=as_asked(period(wanted.since, wanted.until)),
        upto=upto,
        note=await house.operations.last_note(),
    )
    made = await report(about, events, projects_of, house.executor.states)
    return report_pdf(made) if wanted.format == "pdf" else report_html(made)


async def _counted(
    events: AsyncIterator[TrailEvent], told: Told, moving: Moving
) -> AsyncIterator[TrailEvent]:
    async for event in events:
        told.events += 1
        moving.to(event["position"])
        yield event
