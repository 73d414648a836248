"""`taskledger export`: files of what is recorded, for people and for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import JsonSummary, Out

app = typer.Typer(add_completion=False, no_args_is_help=True)

Project = Annotated[str, typer.Option(help="Its key, or its id.")]
User = Annotated[str | None, typer.Option(help="Who exports; default: the workspace's owner.")]
Workspace = Annotated[str | None, typer.Option(help="Its id; default: the user's own workspace.")]
Since = Annotated[str | None, typer.Option("--from", help="A time, or a day of UTC; inclusive.")]
Until = Annotated[str | None, typer.Option("--to", help="A time, or a day of UTC; inclusive.")]


class ReportFormat(StrEnum):
    HTML = "html"
    PDF = "pdf"


@app.callback()
def formats() -> None:
    """Make a file of what is recorded, which is recorded as well."""


@app.command()
def xes(
    *,
    project: Project,
    out: Out,
    workspace: Workspace = None,
    user: User = None,
    as_json: JsonSummary = False,
) -> None:
    """The statuses of every task, as an event log (IEEE 1849); packed where FILE ends in .gz.

    What was imported goes out as it came in.
    """
    _project("xes", project, out, workspace, user, as_json)


@app.command()
def ocel(
    *,
    project: Project,
    out: Out,
    workspace: Workspace = None,
    user: User = None,
    as_json: JsonSummary = False,
) -> None:
    """Tasks, people and all that happened to them, as an object-centric event log (OCEL 2.0)."""
    _project("ocel", project, out, workspace, user, as_json)


@app.command()
def csv(
    *,
    out: Out,
    project: Annotated[str | None, typer.Option(help="Its key, or its id.")] = None,
    workspace: Workspace = None,
    since: Since = None,
    until: Until = None,
    user: User = None,
    as_json: JsonSummary = False,
) -> None:
    """The tasks of a project, a line each; without --project the trail of the workspace."""
    if project is not None:
        if since is not None or until is not None:
            raise typer.BadParameter("a period is of the trail: leave --project out")
        _project("csv", project, out, workspace, user, as_json)
    else:
        _trail("csv", out, workspace, user, since, until, as_json)


@app.command()
def bundle(
    *,
    out: Out,
    workspace: Workspace = None,
    since: Since = None,
    until: Until = None,
    stream: Annotated[
        str | None,
        typer.Option(
            help="Tell only what happened to this, by its id, or a task's or project's key."
        ),
    ] = None,
    actor: Annotated[
        str | None, typer.Option(help="Tell only what this user did: an id or a username.")
    ] = None,
    user: User = None,
    as_json: JsonSummary = False,
) -> None:
    """A workspace's trail in one file that proves itself: `taskledger verify FILE` needs no server.

    Who owns the workspace, is an admin or an auditor of it may have it. What a stream or an actor
    leaves out keeps its place in the chain, untold.
    """
    from api.cli.export_bundle import BundleExport, run

    run(BundleExport(workspace, since, until, stream, actor, user, out), as_json=as_json)


@app.command()
def report(
    *,
    out: Out,
    format_: Annotated[ReportFormat, typer.Option("--format", help="html or pdf.")],
    workspace: Workspace = None,
    since: Since = None,
    until: Until = None,
    user: User = None,
    as_json: JsonSummary = False,
) -> None:
    """Who did what, role changes, privileged acts, failed log-ins, exports and reviews of a
    period, with the last signed checkpoint."""
    _trail(format_, out, workspace, user, since, until, as_json)


def _project(
    format_: str, project: str, out: Path, workspace: str | None, user: str | None, as_json: bool
) -> None:
    # Here, since --help need not wait for the import of all that an API process is made of.
    from api.cli.export_project import ProjectExport, run

    run(ProjectExport(format_, project, workspace, user, out), as_json=as_json)


def _trail(
    format_: str,
    out: Path,
    workspace: str | None,
    user: str | None,
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    from api.cli.export_trail import TrailExport, run

    run(TrailExport(format_, workspace, user, since, until, out), as_json=as_json)
