"""`taskledger export`: files of what is recorded, for people and for other programs."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)

Project = Annotated[str, typer.Option(help="Its key, or its id.")]
Out = Annotated[Path, typer.Option("--out", help="The file; one that is there is replaced.")]
User = Annotated[str | None, typer.Option(help="Who exports; default: the workspace's owner.")]
Workspace = Annotated[str | None, typer.Option(help="Its id; default: the user's own workspace.")]
Json = Annotated[bool, typer.Option("--json", help="Sum it up in one JSON object.")]


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
    as_json: Json = False,
) -> None:
    """The statuses of every task, as an event log (IEEE 1849); packed where FILE ends in .gz.

    What was imported goes out as it came in.
    """
    _project("xes", project, out, workspace, user, as_json)


def _project(
    format_: str, project: str, out: Path, workspace: str | None, user: str | None, as_json: bool
) -> None:
    # Here, since --help need not wait for the import of all that an API process is made of.
    from api.cli.export_project import ProjectExport, run

    run(ProjectExport(format_, project, workspace, user, out), as_json=as_json)
