"""`taskledger record`: the key that signs checkpoints."""

from typing import Annotated

import typer

from api.cli.answers import give_json, say
from api.cli.exits import BAD_USE, Exit
from api.cli.options import Json
from domain.record.note_keys import KeyKind
from infra.record.signing import make_signing_key
from infra.settings import PREFIX, Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def record() -> None:
    """What seals the log: a tree over all events, whose root is signed."""


@app.command("new-key")
def new_key(
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Sign by another key than until now.")
    ] = False,
    ml_dsa: Annotated[
        bool, typer.Option("--ml-dsa", help="The second key, which signs by ML-DSA-44.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a key that signs checkpoints, for this account alone to read.

    A sealer that runs takes it at its next checkpoint: it publishes the new public key, says until
    when the old one was valid, and records the change in the log.
    """
    settings = Settings.load()
    kind, path = KeyKind.ED25519, settings.signing_key_file()
    if ml_dsa:
        if settings.record_ml_dsa_key_file is None:
            raise Exit(BAD_USE, f"{PREFIX}RECORD_ML_DSA_KEY_FILE says where the second key is.")
        kind, path = KeyKind.ML_DSA_44_COSIGNATURE, settings.record_ml_dsa_key_file
    elif settings.record_sign_command is not None:
        raise Exit(BAD_USE, "A command signs here: its key is changed where that key is kept.")
    if not make_signing_key(path, kind, replace=replace):
        raise Exit(BAD_USE, f"There is a key in {path} already; --replace takes another one.")
    if as_json:
        give_json({"file": str(path)})
    else:
        say(f"checkpoints are signed by the new key in {path} from now on")
