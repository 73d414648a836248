"""`taskledger dead-letters`: events that a view could not apply, and how they are healed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated

import typer
import uvloop

from api.cli.answers import give_json, give_table, say
from api.cli.events_progress import events_progress
from api.cli.exits import BAD_USE, FOUND_WRONG, Exit
from infra import logs
from infra.processes import dead_letters
from infra.processes.build import BuildRunning
from infra.processes.dead_letters import DeadLetter, ParkedStream
from infra.processes.generations import Generation
from infra.processes.healing import Healed, Healing, StillBroken, TooLarge
from infra.processes.outages import Fenced
from infra.processes.sessions import Sessions
from infra.processes.workplace import open_workplace
from infra.settings import Settings
from projections.registry import VIEWS

app = typer.Typer(add_completion=False, no_args_is_help=True)

_LETTERS_SHOWN = 1_000

View = Annotated[str | None, typer.Option(help="Only of this view.")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON a document.")]


@app.callback()
def parked() -> None:
    """Streams that a view leaves alone, for one of their events could not be applied."""
    logs.configure("error", "dead-letters")


@app.command("list")
def list_parked(*, view: View = None, as_json: Json = False) -> None:
    """Every parked stream, the one that was parked first at the top."""
    found = asyncio.run(_parked(Settings.load().resolve(), view, None))
    for one in found if as_json else ():
        give_json(_document(one))
    if as_json:
        return
    if not found:
        say("no stream is parked")
        return
    give_table(
        ("view", "generation", "stream", "position", "events", "type", "parked at", "error"),
        (
            (
                one.generation.view,
                one.generation.number,
                one.stream,
                one.first_position,
                one.events,
                one.type,
                one.parked_at.isoformat(timespec="seconds"),
                one.error,
            )
            for one in found
        ),
    )


@app.command()
def show(
    stream: Annotated[str, typer.Argument(help="The parked stream's id.")],
    *,
    view: View = None,
    as_json: Json = False,
) -> None:
    """The events of one parked stream: the one that failed, and those that wait behind it."""
    found = asyncio.run(_letters(Settings.load().resolve(), view, stream))
    if not found:
        raise Exit(BAD_USE, f"No view has parked {stream}.")
    for generation, letter in found if as_json else ():
        give_json(
            {
                "view": generation.name,
                "version": generation.version,
                "generation": generation.number,
                "position": letter.position,
                "stream": letter.stream,
                "stream_version": letter.stream_version,
                "type": letter.type,
                "error": letter.error,
                "attempts": letter.attempts,
            }
        )
    if not as_json:
        give_table(
            ("view", "generation", "position", "version", "type", "error"),
            (
                (
                    generation.view,
                    generation.number,
                    letter.position,
                    letter.stream_version,
                    letter.type,
                    letter.error or "waits behind an earlier one",
                )
                for generation, letter in found
            ),
        )


@app.command()
def retry(
    streams: Annotated[list[str] | None, typer.Argument(help="Parked streams.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every parked stream.")] = False,
    view: View = None,
    as_json: Json = False,
) -> None:
    """Fold parked streams again, in order, and replace every row they feed.

    All or nothing for each workspace and view: 0 when everything was healed, 1 when something
    still cannot be applied and stays parked.
    """
    if bool(streams) == everything:
        raise Exit(BAD_USE, "Name the streams, or say --all.")
    healed, left = uvloop.run(_retry(Settings.load().resolve(), view, streams))
    for one in healed:
        if as_json:
            give_json(
                {
                    "view": one.generation.name,
                    "version": one.generation.version,
                    "generation": one.generation.number,
                    "healed": list(one.streams),
                    "rows": one.rows,
                    "position": one.position,
                }
            )
        else:
            say(f"{one.generation}: healed {', '.join(one.streams)} ({one.rows:,} rows)")
    for error in left:
        say(error)
    if left:
        raise Exit(FOUND_WRONG, f"{len(left)} could not be healed.")


async def _parked(settings: Settings, view: str | None, stream: str | None) -> list[ParkedStream]:
    """Raises Exit where there is no such view, which may still have parked something of old."""
    async with Sessions(settings.worker_url()).open("taskledger dead-letters") as session:
        found = await dead_letters.parked_streams(session, view, stream)
    names = [each.name for each in VIEWS]
    if view is not None and view not in names and not found:
        raise Exit(BAD_USE, f"There is no view {view}; there are {', '.join(names)}.")
    return found


async def _letters(
    settings: Settings, view: str | None, stream: str
) -> list[tuple[Generation, DeadLetter]]:
    async with Sessions(settings.worker_url()).open("taskledger dead-letters") as session:
        return [
            (one.generation, letter)
            for one in await dead_letters.parked_streams(session, view, stream)
            for letter in await dead_letters.letters(
                session, one.generation, stream, _LETTERS_SHOWN
            )
        ]


async def _retry(
    settings: Settings, view: str | None, streams: Iterable[str] | None
) -> tuple[list[Healed], list[str]]:
    wanted = None if streams is None else set(streams)
    found = [
        one for one in await _parked(settings, view, None) if not wanted or one.stream in wanted
    ]
    if wanted and (unknown := wanted - {one.stream for one in found}):
        raise Exit(BAD_USE, f"No view has parked {min(unknown)}.")
    groups: dict[tuple[Generation, str], set[str]] = defaultdict(set)
    for one in found:
        groups[one.generation, one.workspace_id].add(one.stream)
    views = {(view.name, view.version): view for view in VIEWS}
    healed, left = [], []
    async with open_workplace(settings, "taskledger dead-letters") as workplace:
        await workplace.unlock()
        await workplace.nats.wait_connected(within_s=2)
        for (generation, workspace_id), parked_there in sorted(groups.items()):
            projection = views.get((generation.name, generation.version))
            if projection is None:
                left.append(f"{generation} is not of this code: use the code that made it")
                continue
            with events_progress(f"folding {generation}") as shown:
                healing = Healing(
                    projection,
                    generation,
                    workspace_id,
                    parked_there,
                    workplace.store,
                    on_progress=shown.to,
                )
                try:
                    healed.append(await healing.run(workplace.sessions, workplace.nats))
                except (StillBroken, TooLarge, BuildRunning) as error:
                    left.append(f"{generation}: {error}")
                except Fenced:
                    continue  # replaced and dropped meanwhile: nothing of it is left to heal
    return healed, left


def _document(one: ParkedStream) -> dict[str, object]:
    return {
        "view": one.generation.name,
        "version": one.generation.version,
        "generation": one.generation.number,
        "workspace_id": one.workspace_id,
        "stream": one.stream,
        "position": one.first_position,
        "events": one.events,
        "type": one.type,
        "error": one.error,
        "attempts": one.attempts,
        "parked_at": one.parked_at,
    }
