"""`taskledger import`: bring in work from elsewhere with its history."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import JsonSummary

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def formats() -> None:
    """Bring in work from elsewhere with its history."""


@app.command()
def xes(
    file: Annotated[Path, typer.Argument(help="An event log in XES, plain or gzip.")],
    *,
    workspace: Annotated[
        str | None, typer.Option(help="Its id; default: the user's own workspace.")
    ] = None,
    project: Annotated[
        str | None, typer.Option(help="Its key, made if it is new; default: by the file's name.")
    ] = None,
    classifier: Annotated[
        str | None, typer.Option(help="What gives events their status; default: the log's first.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out what is broken, and list it.")
    ] = False,
    user: Annotated[
        str | None, typer.Option(help="Who imports; default: the workspace's owner.")
    ] = None,
    as_json: JsonSummary = False,
) -> None:
    """Each trace becomes a task, each of its events a record of what once happened to it.

    Run again, it adds only what is new in the file.
    """
    # Here, since --help need not wait for the import of all that an API process is made of.
    from api.cli.import_xes import Wanted, run

    run(Wanted(file, user, workspace, project), classifier, skip_bad=skip_bad, as_json=as_json)


@app.command()
def bundle(
    file: Annotated[Path, typer.Argument(help="What `taskledger export bundle` wrote elsewhere.")],
    *,
    workspace: Annotated[
        str | None, typer.Option(help="Refuse a bundle that is of another workspace.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(help="Who shall own it here; default: its owner, who has an account here."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Whose signature counts: a verifier key of the log that it came from, or a file"
            " with keys, as `taskledger verify` takes them."
        ),
    ] = None,
    trust_bundle_key: Annotated[
        bool,
        typer.Option(
            "--trust-bundle-key", help="Take the keys in the bundle for true, whoever made it."
        ),
    ] = False,
    as_json: JsonSummary = False,
) -> None:
    """A workspace with all its history, as another installation recorded and signed it.

    It is verified first; then all of it comes in, or nothing. Run again, it adds nothing.
    """
    from api.cli.import_bundle import BundleWanted, run

    run(BundleWanted(file, workspace, user, key, trust_bundle_key), as_json=as_json)
