"""`taskledger serve`: run the product on this machine."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from infra.embedded.account import die_with_parent
from infra.forked import ForkServer

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    *,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Start every part whose address is not set.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any.")] = None,
    workers: Annotated[int | None, typer.Option(help="API processes.")] = None,
    roles: Annotated[
        str | None,
        typer.Option(help="What to run, by comma: api, relay, projector, scheduler, sealer."),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of everything embedded.")] = None,
    with_parent: Annotated[
        bool, typer.Option(hidden=True, help="Stop when the process that started this ends.")
    ] = False,
) -> None:
    """Run the roles of this machine until Ctrl-C. Options win over settings (TASKLEDGER_...)."""
    if with_parent:
        die_with_parent(signal.SIGTERM)
    with ForkServer.started() as forks:
        # Here, for while these are imported, it imports what all roles need on another core.
        from infra import logs
        from infra.settings import Settings
        from infra.supervisor import serve as run

        settings = Settings.load(
            host=host, port=port, workers=workers, roles=roles, data_dir=data_dir
        )
        logs.configure(settings.log_level, "supervisor")
        run(settings, forks, embedded=embedded, announce=typer.echo)
