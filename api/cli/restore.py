"""`taskledger restore`: a backup into a new, empty system."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.exits import BAD_USE, FOUND_WRONG, Exit, unreadable
from api.cli.options import Json
from api.cli.progress import step
from infra import logs
from infra.backup.frames import BackupFile, NotABackup
from infra.backup.restoring import CannotRestore, Restored, restore, secret_of
from infra.keys.configured import master_keys
from infra.keys.destruction import DestroyedKeys
from infra.postgres.pool import connected
from infra.settings import Settings

app = typer.Typer(add_completion=False)


@app.command("restore")
def restore_file(
    file: Annotated[Path, typer.Argument(help="What `taskledger backup` wrote.")],
    *,
    as_json: Json = False,
) -> None:
    """Put a backup into a system in which nothing was done yet: all of it, or nothing.

    The system must have the master key that the backup was made under, and, if people were erased
    since, the list of destroyed keys.
    """
    logs.configure("error", "restore")
    settings = Settings.load().resolve()
    master = master_keys(settings)
    try:
        size = file.stat().st_size
        with step("Checking", size) as checking:
            backup = BackupFile.checked(file, secret_of(master), checking.to)

        async def run() -> Restored:
            destroyed = DestroyedKeys(settings.destroyed_keys_file())
            async with connected(settings.owner_url()) as connection:
                with step("Restoring", size) as restoring:
                    return await restore(connection, backup, destroyed, restoring.to)

        done = uvloop.run(run())
    except OSError as error:
        raise unreadable(file, error) from error
    except NotABackup as error:
        raise Exit(FOUND_WRONG, f"{file}: {error}. Nothing was changed.") from error
    except CannotRestore as error:
        raise Exit(BAD_USE, f"{error} Nothing was changed.") from error
    manifest = backup.manifest
    if as_json:
        give_json(
            {
                "log_id": manifest.log_id,
                "position": manifest.position,
                "made_at": manifest.made_at,
                "rows": done.rows,
                "destroyed_again": done.destroyed_again,
            }
        )
    else:
        say(
            f"{done.events:,} events are back, the log {manifest.log_id} up to position "
            f"{manifest.position:,}, as of {manifest.made_at}. Start every process anew; views "
            "follow by themselves."
        )
    say(
        "If anything was done after that, in whatever was served before, say so now: taskledger "
        "incarnation declare --reason '...'"
    )
