"""`taskledger keys`: the keys that seal text, and the master key that wraps them."""

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.options import Json
from infra.keys.configured import master_keys
from infra.keys.rotation import rotate as rewrap
from infra.postgres.pool import connected
from infra.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Keys that seal what people wrote, each wrapped by the master key."""


@app.command()
def rotate(
    *,
    as_json: Json = False,
) -> None:
    """Wrap every key anew under the current master key.

    First give every process the new master key with the old one behind it (two lines in the key
    file, or by comma in the setting); afterwards the old one may go. No text is sealed anew.
    """
    settings = Settings.load().resolve()
    master = master_keys(settings)

    async def run() -> int:
        async with connected(settings.owner_url()) as connection:
            return await rewrap(connection, master)

    changed = uvloop.run(run())
    if as_json:
        give_json({"master_id": master.current_id, "rewrapped": changed})
    else:
        say(f"{changed:,} keys are under master key {master.current_id} now")
