"""`taskledger incarnation`: a log that was put back to an earlier state gets a new identity."""

import asyncio
from typing import Annotated

import typer
import uvloop

from api.cli.answers import give_json, say
from infra.event_store.incarnation import declare_incarnation
from infra.postgres.pool import connected
from infra.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def incarnation() -> None:
    """The identity of the log."""


@app.command()
def declare(
    *,
    reason: Annotated[str, typer.Option(help="What happened, for whoever reads it in a year.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say that what was published, shown or remembered of this log may be false.

    Every process that works with it stops appending and is started anew; views, streams and
    caches begin again from what the log holds now.
    """

    async def run() -> str:
        async with connected(Settings.load().resolve().owner_url()) as connection:
            return str(await declare_incarnation(connection, reason))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        log_id = runner.run(run())
    if as_json:
        give_json({"log_id": log_id})
    else:
        say(f"the log is {log_id} from now on")
