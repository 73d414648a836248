"""`taskledger witness`: cosigns the checkpoints of logs, in a process and a folder of its own."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
import uvloop

from api.cli.answers import give_json
from api.cli.exits import BAD_USE, Exit
from api.cli.options import Json
from api.witness import create_witness_app
from infra import logs
from infra.durable import FolderBusy
from infra.record.signing import CannotSign
from infra.settings import Settings
from infra.witness.witness import Witness, alone, new_witness, witness_of

app = typer.Typer(add_completion=False, no_args_is_help=True)

_AT_ONCE = 200

DataDir = Annotated[Path | None, typer.Option(help="Folder with `witness` in it.")]


@app.callback()
def witness() -> None:
    """A witness of logs (c2sp.org/tlog-witness): no database, nothing of the product."""


@app.command()
def new(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Begin a witness: its key where there is none yet, and a memory of nothing.

    Prints the verifier key, by which its cosignatures are checked.
    """
    settings = Settings.load(data_dir=data_dir)
    with _alone(settings):
        new_witness(settings)
        _give(_vkey(witness_of(settings)), as_json=as_json)


@app.command()
def key(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print the verifier key, by which its cosignatures are checked."""
    made = witness_of(Settings.load(data_dir=data_dir), begins=False)
    _give(_vkey(made), as_json=as_json)


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Cosign until Ctrl-C. Options win over settings (TASKLEDGER_...)."""
    settings = Settings.load(host=host, port=port, data_dir=data_dir)
    logs.configure(settings.log_level, "witness")
    with _alone(settings), _listening(settings) as listening:
        made = witness_of(settings)
        vkey = _vkey(made)
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        typer.echo(f"witness on http://{shown}:{listening.getsockname()[1]}, known by {vkey}")
        config = uvicorn.Config(
            create_witness_app(made),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=int(settings.stop_timeout_s),
        )
        uvloop.run(uvicorn.Server(config).serve([listening]))


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    try:
        with alone(settings):
            yield
    except FolderBusy as error:
        raise Exit(BAD_USE, str(error)) from error


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise Exit(BAD_USE, f"{where} cannot be listened on: {error.strerror}") from error


def _give(vkey: str, *, as_json: bool) -> None:
    if as_json:
        give_json({"vkey": vkey})
    else:
        typer.echo(vkey)


def _vkey(witness: Witness) -> str:
    try:
        return asyncio.run(witness.key()).encode()
    except CannotSign as error:
        raise Exit(BAD_USE, str(error)) from error
