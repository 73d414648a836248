"""`taskledger migrate`: bring the database to the shape that this version expects."""

import sys
from typing import Annotated

import typer

from api.cli.answers import give_json
from infra.postgres.migrate import migrate as apply
from infra.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one line of JSON.")] = False,
) -> None:
    """Apply what is missing, each migration once. Safe to run twice, and while others serve."""
    applied = apply(Settings.load().resolve().owner_url())
    if as_json:
        give_json({"applied": applied})
        return
    for name in applied:
        sys.stdout.write(f"applied {name}\n")
    if not applied:
        sys.stdout.write("nothing to do\n")
