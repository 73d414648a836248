"""`taskledger backup`: everything that a new system needs, in one file."""

from importlib.metadata import version

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.events_progress import events_progress
from api.cli.exits import unwritable
from api.cli.options import Json, Out
from infra import logs
from infra.backup.frames import Manifest
from infra.backup.writing import write_backup
from infra.exports.whole_file import plain_file
from infra.keys.configured import master_keys
from infra.postgres.pool import connected
from infra.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def backup(
    *,
    out: Out,
    as_json: Json = False,
) -> None:
    """Write the log, keys, accounts and settings into one file, as of now, while work goes on.

    The master key is not in it: keep it elsewhere, for without it no text in the file can be read.
    """
    logs.configure("error", "backup")
    settings = Settings.load().resolve()

    async def run() -> tuple[Manifest, int]:
        master = master_keys(settings)
        async with connected(settings.owner_url()) as connection:
            with plain_file(out) as file, events_progress("backup") as shown:
                return await write_backup(connection, master, version("taskledger"), file, shown.to)

    try:
        manifest, size = uvloop.run(run())
    except OSError as error:
        raise unwritable(out, error) from error
    if as_json:
        give_json(
            {
                "file": str(out),
                "log_id": manifest.log_id,
                "position": manifest.position,
                "made_at": manifest.made_at,
                "bytes": size,
            }
        )
    else:
        say(
            f"{out}: the log {manifest.log_id} up to position {manifest.position:,} ({size:,} "
            "bytes). The master key is not in it."
        )
