"""`taskledger rebuild`: build views anew from the log while reading goes on."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.events_progress import Shown, events_progress
from api.cli.exits import BAD_USE, FOUND_WRONG, PART_DOWN, Exit
from infra import logs
from infra.processes.build import BuildRunning
from infra.processes.build_progress import Progress
from infra.processes.collector import tune_collector
from infra.processes.outages import Fenced, described, is_outage
from infra.processes.rebuild import Outcome, ProjectorStuck, Rebuild
from infra.processes.shard_processes import ShardProcesses
from infra.processes.shards import Builders
from infra.processes.workplace import Workplace, open_workplace
from infra.settings import Settings
from projections.projection import Projection
from projections.registry import VIEWS

app = typer.Typer(add_completion=False)

_NATS_WITHIN_S = 2.0


@app.command()
def rebuild(
    names: Annotated[list[str] | None, typer.Argument(help="The views to rebuild.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every view.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say in which rows new and old differ.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="So many build a view together; else one a processor."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a view.")] = False,
) -> None:
    """Build views from the log beside the ones that answer, then let the new ones answer.

    Reading never stops. Ended half way, it goes on where it was when it is run again. With
    --compare it ends with 1 where any row differs; what answers then is what the log says.
    """
    views = _chosen(names, everything=everything)
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        listed = ", ".join(view.name for view in views)
        typer.confirm(f"Rebuild {listed}? Reading goes on meanwhile.", abort=True, err=True)
    logs.configure("error", "rebuild")
    tune_collector()
    settings = Settings.load().resolve()
    builders = ShardProcesses.under(settings.as_environment(), processes)
    different = uvloop.run(_rebuild(settings, builders, views, compare=compare, as_json=as_json))
    if different:
        raise Exit(FOUND_WRONG, f"{different:,} rows were not as the log says; they are now.")


def _chosen(names: Sequence[str] | None, *, everything: bool) -> list[Projection]:
    if bool(names) == everything:
        raise Exit(BAD_USE, "Name the views, or say --all.")
    known = {view.name: view for view in VIEWS}
    for name in names or ():
        if name not in known:
            raise Exit(BAD_USE, f"There is no view {name}; there are {', '.join(known)}.")
    return list(VIEWS) if everything else [known[name] for name in dict.fromkeys(names or ())]


async def _rebuild(
    settings: Settings,
    builders: Builders,
    views: Sequence[Projection],
    *,
    compare: bool,
    as_json: bool,
) -> int:
    """How many rows differed."""
    different = 0
    async with open_workplace(settings, "taskledger rebuild") as workplace:
        await workplace.unlock()
        await workplace.nats.wait_connected(_NATS_WITHIN_S)
        for view in views:
            with events_progress(view.name) as shown:
                outcome = await rebuilt(workplace, view, shown, compare=compare, builders=builders)
            _tell(outcome, compare=compare, as_json=as_json)
            if outcome.comparison is not None:
                different += outcome.comparison.count
    return different


async def rebuilt(
    workplace: Workplace,
    view: Projection,
    shown: Shown,
    *,
    compare: bool,
    builders: Builders | None = None,
) -> Outcome:
    """Build one view anew, and let it answer. Raises Exit where that cannot be done now."""

    def progress(at: Progress) -> None:
        shown.to(at.position, at.target, at.events_per_s)

    rebuild = Rebuild(
        view,
        workplace.store,
        workplace.sessions,
        workplace.nats,
        on_progress=progress,
        on_stage=lambda stage: shown.stage(stage.value),
        builders=builders,
    )
    try:
        return await rebuild.run(compare=compare)
    except BuildRunning as error:
        raise Exit(FOUND_WRONG, f"{error}; wait for it, or end it, then run this again.") from error
    except ProjectorStuck as error:
        raise Exit(PART_DOWN, str(error)) from error
    except Fenced as error:
        raise Exit(
            FOUND_WRONG, f"{view.name}: another process took over; run this again."
        ) from error
    except Exception as error:
        if not is_outage(error):
            raise
        again = "once it passes run this again, and it goes on where it was"
        raise Exit(PART_DOWN, f"{view.name}: {described(error)}; {again}.") from error


def _tell(outcome: Outcome, *, compare: bool, as_json: bool) -> None:
    comparison = outcome.comparison
    if as_json:
        give_json(
            {
                "view": outcome.generation.name,
                "version": outcome.generation.version,
                "generation": outcome.generation.number,
                "position": outcome.position,
                "seconds": round(outcome.seconds, 3),
                "resumed": outcome.resumed,
                "projector": outcome.projector,
                "differences": None if comparison is None else comparison.count,
                "rows": []
                if comparison is None
                else [
                    {"table": one.table, "key": list(one.key), "kind": one.kind}
                    for one in comparison.differences
                ],
            }
        )
        return
    rate = outcome.position / outcome.seconds if outcome.seconds else 0.0
    sys.stdout.write(
        f"{outcome.generation} answers: {outcome.position:,} events"
        f" in {outcome.seconds:.1f} s ({rate:,.0f}/s)"
        f"{', resumed' if outcome.resumed else ''}\n"
    )
    sys.stdout.flush()
    if not outcome.projector:
        say("No projector runs: nothing keeps the view up to date until one does.")
    if compare and comparison is None:
        say("There was nothing to compare with.")
    elif comparison is not None and not comparison.count:
        say(f"No difference at position {comparison.position:,}.")
    elif comparison is not None:
        for one in comparison.differences:
            say(f"{one.table} {', '.join(map(str, one.key))}: {one.kind}")
        if comparison.count > len(comparison.differences):
            say(f"... and {comparison.count - len(comparison.differences):,} more")
