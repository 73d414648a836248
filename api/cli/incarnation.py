"""`taskledger incarnation`: a log that was put back to an earlier state gets a new identity."""

import contextlib
import getpass
import os
from typing import Annotated

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.exits import BAD_USE, PART_DOWN, Exit
from api.cli.options import Json
from infra.event_store.store import PostgresEventStore
from infra.keys.configured import master_keys
from infra.postgres.pool import open_pool
from infra.processes.sessions import WORKER
from infra.record.declaring import declare as declared
from infra.record.files import FilesAway, PublishedFiles
from infra.record.folder import SealersFolder
from infra.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


def account() -> str:
    """Who runs this; in a container there may be no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@app.callback()
def incarnation() -> None:
    """The identity of the log."""


@app.command()
def declare(
    *,
    reason: Annotated[str, typer.Option(help="What happened, for whoever reads it in a year.")],
    by: Annotated[
        str | None, typer.Option(help="Who says so; default: the account that runs this.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say that what was published, shown or remembered of this log may be false.

    Every process that works with it stops appending and is started anew; views, streams and
    caches begin again from what the log holds now. The log says itself from which one it goes on,
    and what was signed last of that.
    """

    if not reason.strip():
        raise Exit(BAD_USE, "Say why, for whoever reads it in a year: --reason cannot be blank.")

    async def run() -> str:
        settings = Settings.load().resolve()
        async with contextlib.AsyncExitStack() as stack:
            owner = await open_pool(settings.owner_url(), max_size=2)
            stack.push_async_callback(owner.close)
            url = settings.worker_url()
            pool = await open_pool(url, role=WORKER, max_size=2)
            stack.push_async_callback(pool.close)
            store = PostgresEventStore(pool, master_keys(settings), url, role=WORKER)
            await store.start()
            stack.push_async_callback(store.close)
            files = PublishedFiles.of(settings)
            folder = SealersFolder(settings.record_dir())
            who = by or account()
            return str(await declared(owner, store, files, folder, by=who, reason=reason))

    try:
        log_id = uvloop.run(run())
    except FilesAway as away:
        raise Exit(PART_DOWN, f"What was signed last cannot be asked: {away}") from away
    if as_json:
        give_json({"log_id": log_id})
    else:
        say(f"the log is {log_id} from now on")
