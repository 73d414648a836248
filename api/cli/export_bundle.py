"""Exports a workspace's trail as a bundle for the command line, recorded before it is there."""

import sys
import time
from pathlib import Path

import uvloop

from api.cli.answers import give_json
from api.cli.exits import BAD_USE, Exit, unwritable
from api.cli.exporting import made
from api.cli.house import house_of
from domain.values.frozen import dataclass
from domain.values.ids import is_id, kind_of
from domain.values.recorded import Origin
from infra import logs
from infra.bootstrap import House
from infra.exports.exporter import AskedExport, Exported
from infra.exports.filters import trail_filter
from infra.exports.project import ExportedProjects
from infra.ids import new_id
from infra.people.acting import Acting
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class BundleExport:
    """As on the command line, None where not given."""

    workspace: str | None
    since: str | None
    until: str | None
    stream: str | None
    actor: str | None
    user: str | None
    out: Path


def run(wanted: BundleExport, *, as_json: bool) -> None:
    """Raises Exit where there is no bundle."""
    began = time.monotonic()
    logs.configure("error", "export")
    if wanted.out.suffix == ".gz":
        raise Exit(BAD_USE, "A bundle is not packed: most of it is sealed. Name it otherwise.")
    try:
        bundle = uvloop.run(_export(Settings.load().resolve(), wanted))
    except OSError as error:
        raise unwritable(wanted.out, error) from error
    seconds = time.monotonic() - began
    if as_json:
        give_json(
            {
                "file": str(wanted.out),
                "events": bundle.events,
                "tree_size": bundle.tree_size,
                "bytes": bundle.size,
                "sha256": bundle.digest,
                "position": bundle.position,
                "seconds": round(seconds, 3),
            }
        )
    else:
        sys.stdout.write(
            f"{bundle.events:,} events in {wanted.out} ({bundle.size:,} bytes), "
            f"proven by a tree of {bundle.tree_size:,}, in {seconds:.1f} s\n"
        )


async def _export(settings: Settings, wanted: BundleExport) -> Exported:
    async with house_of(settings) as house:
        found = await ExportedProjects(house.store, house.executor).workspace(
            wanted.workspace, wanted.user
        )
        asked = AskedExport(
            export_id=new_id("exp"),
            workspace_id=found.workspace.workspace_id,
            format="bundle",
            wanted=trail_filter(
                since=wanted.since,
                until=wanted.until,
                stream=await _stream(house, found.workspace.workspace_id, wanted.stream),
                actor=await _actor(house, wanted.actor),
            ),
            origin=Origin(actor=found.user_id, via="cli"),
        )
        return await made(house, asked, wanted.out)


async def _stream(house: House, workspace_id: str, named: str | None) -> str | None:
    """Its id; a task and a project of the workspace go by their keys as well."""
    if named is None or kind_of(named) is not None:
        return named
    for task in await house.tasks.find((workspace_id,), named):
        return task.task_id
    for project in await house.projects.find((workspace_id,), named):
        return project.project_id
    detail = f"{named[:50]} is no id, and no key of a task or project of this workspace."
    raise Exit(BAD_USE, detail)


async def _actor(house: House, name: str | None) -> str | None:
    if name is None or is_id(name, "user"):
        return name
    return await Acting(house.store, house.executor.states).named(name)
