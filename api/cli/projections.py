"""`taskledger projections`: the views, their versions and their lag."""

import asyncio
from typing import Annotated

import typer

from api.cli.answers import give_json, give_table
from infra import logs
from infra.processes.sessions import Sessions
from infra.processes.status import FlowStatus, read_status
from infra.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def projections(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a view.")] = False,
) -> None:
    """List every generation of every view: which one answers, how far it is, what it parked."""
    logs.configure("error", "projections")
    status = asyncio.run(_status(Settings.load().resolve()))
    lags = {(view.name, view.version): view for view in status.views}
    head = status.head.position
    for standing in status.generations if as_json else ():
        generation = standing.generation
        lag = lags.get((generation.name, generation.version)) if standing.answers else None
        give_json(
            {
                "view": generation.name,
                "version": generation.version,
                "generation": generation.number,
                "state": standing.state,
                "answers": standing.answers,
                "position": standing.position,
                "lag_events": max(0, head - standing.position),
                "lag_seconds": None if lag is None else round(lag.lag_seconds, 3),
                "dead_letters": _parked(status, standing.generation),
            }
        )
    if not as_json:
        give_table(
            ("view", "version", "generation", "state", "answers", "position", "behind", "parked"),
            (
                (
                    one.generation.name,
                    one.generation.version,
                    one.generation.number,
                    one.state,
                    one.answers,
                    one.position,
                    max(0, head - one.position),
                    _parked(status, one.generation),
                )
                for one in status.generations
            ),
        )


def _parked(status: FlowStatus, generation: object) -> int:
    return sum(one.events for one in status.parked if one.generation == generation)


async def _status(settings: Settings) -> FlowStatus:
    async with Sessions(settings.worker_url()).open("taskledger projections") as session:
        return await read_status(session)
