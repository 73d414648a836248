"""`taskledger replay`: what a thing was, step by step, or at a moment, or a board as a film."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.exits import BAD_USE, Exit

app = typer.Typer(add_completion=False)

_MOST_FRAMES = 500


@app.command()
def replay(
    stream: Annotated[
        str,
        typer.Argument(help="The id of anything that has a history, or a task's or project's key."),
    ],
    *,
    as_of: Annotated[
        str | None, typer.Option(help="What it was then: a time, or a position of the log.")
    ] = None,
    step: Annotated[
        bool, typer.Option("--step", help="With all that it was after each event.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--from", help="A project's board from then on, in frames.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Up to then; default: now.")] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, max=_MOST_FRAMES, help="How many; default: 24.")
    ] = None,
    cards: Annotated[int, typer.Option(min=0, max=1_000, help="Cards of each column.")] = 25,
    out: Annotated[
        Path | None, typer.Option(help="Where the frames go: FILE.json or FILE.html.")
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(help="`recorded` (default), or `occurred`: by what imports say themselves."),
    ] = None,
    workspace: Annotated[str | None, typer.Option(help="Which workspace a key is of.")] = None,
    user: Annotated[
        str | None, typer.Option(help="As whom to look; default: the workspace's owner.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a document.")] = False,
) -> None:
    """Every event of a thing with who, when, what, why and what that changed.

    Nobody sees more here than they may see today. What was erased stays erased. 1: an event does
    not hold what was once written, and is left out.
    """
    film = any(each is not None for each in (since, to, frames, out))
    if sum((film, as_of is not None, step)) > 1:
        raise Exit(BAD_USE, "One of --as-of, --step and a period of frames at a time.")
    if clock not in (None, "recorded", "occurred"):
        raise Exit(BAD_USE, "--clock is recorded or occurred.")
    if clock is not None and not film and as_of is None:
        raise Exit(BAD_USE, "--clock says by which clock --as-of or --from are meant.")
    if out is not None and out.suffix not in (".json", ".html"):
        raise Exit(BAD_USE, "Frames go to a file that ends in .json or .html.")
    # Here, since --help need not wait for the import of all that an API process is made of.
    from api.cli.replay_opening import Wanted, with_opened

    wanted = Wanted(stream, user, workspace)
    if film:
        from api.cli.replay_frames import Period, give_frames

        period = Period(since, to, frames or 24, cards, clock)
        with_opened(wanted, lambda opened: give_frames(opened, period, out, as_json=as_json))
        return
    from api.cli.replay_stream import give_steps, give_then

    if as_of is not None:
        with_opened(wanted, lambda opened: give_then(opened, as_of, clock, as_json=as_json))
        return
    one_by_one = step and not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    with_opened(
        wanted,
        lambda opened: give_steps(opened, states=step, as_json=as_json, one_by_one=one_by_one),
    )
