"""`taskledger verify --database`: whether the live system is as it was signed and recorded."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.events_progress import events_progress
from api.cli.exits import FOUND_WRONG, PART_DOWN, Exit
from api.cli.options import Json
from api.cli.progress import step
from api.cli.rebuild import rebuilt
from domain.record import times
from domain.record.disclosure import SealBroken
from infra import logs
from infra.event_store import derived
from infra.event_store.codec import Unreadable
from infra.event_store.derived import Findings
from infra.postgres.pool import connected
from infra.processes.collector import tune_collector
from infra.processes.log import head
from infra.processes.rebuild import Comparison, Difference
from infra.processes.shard_processes import ShardProcesses
from infra.processes.workplace import Workplace, open_workplace
from infra.record.checking import Begin, Checked, check_keys, check_record
from infra.record.files import FilesAway
from infra.record.refusal import Tampered, WillNotSign
from infra.settings import Settings
from projections.registry import VIEWS

app = typer.Typer(add_completion=False)

_NATS_WITHIN_S = 2.0

_Differing = tuple[str, Comparison]


@app.command()
def verify_database(
    *,
    views: Annotated[
        bool,
        typer.Option(
            "--views", help="Build every view anew as well, and compare: takes as long as that."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Say whether the live system is whole, or the first thing that is wrong in it, and where.

    Hashes every event again and compares it with its entry, the published tree and what was
    signed; opens every sealed text, which needs its own key or an erasure that took it; then
    streams, times, and what stands beside the log. Appends go on.
    Exit code 0 where all of it is well, 1 where it is not, 3 where a part is away.
    """
    logs.configure("error", "verify")
    tune_collector()
    try:
        checked, findings, different = uvloop.run(_verify(Settings.load().resolve(), views=views))
    except WillNotSign as wrong:
        position = wrong.position if isinstance(wrong, Tampered) else None
        _give_wrong(str(wrong), position, as_json=as_json)
        raise typer.Exit(FOUND_WRONG) from wrong
    except FilesAway as error:
        raise Exit(PART_DOWN, f"The published tree is out of reach: {error}") from error
    wrong_beside = _beside(findings) or _of_views(different)
    if wrong_beside is not None:
        _give_wrong(wrong_beside, None, different, as_json=as_json)
        raise typer.Exit(FOUND_WRONG)
    _give(checked, findings, views=views, as_json=as_json)


async def _verify(settings: Settings, *, views: bool) -> tuple[Checked, Findings, list[_Differing]]:
    """What was signed, what is beside the log, and the views of which rows differ."""
    async with open_workplace(settings, "taskledger verify") as workplace:
        await workplace.unlock()
        checked = await _record(workplace, settings)
        with ExitStack() as shown:
            async with workplace.pool.connection() as connection:
                destroyed = workplace.destroyed.ids()
                begin = _begin(shown, "The keys")
                await check_keys(connection, workplace.store, destroyed, checked, begin)
        with step("What stands beside the log", 1):
            async with connected(settings.owner_url()) as connection:
                findings = await derived.check(connection)
        different: list[_Differing] = []
        if views:
            await workplace.nats.wait_connected(_NATS_WITHIN_S)
            builders = ShardProcesses.under(settings.as_environment())
            for view in VIEWS:
                with events_progress(view.name) as shown:
                    outcome = await rebuilt(workplace, view, shown, compare=True, builders=builders)
                if outcome.comparison is not None and outcome.comparison.count:
                    different.append((view.name, outcome.comparison))
        return checked, findings, different


async def _record(workplace: Workplace, settings: Settings) -> Checked:
    with ExitStack() as shown:
        async with workplace.sessions.open("verify") as session:
            now = await head(session)
            begin = _begin(shown, "The record")
            try:
                return await check_record(session, workplace.store, settings, now.log_id, begin)
            except (Unreadable, SealBroken) as error:
                raise WillNotSign(f"what declares the log cannot be read: {error}") from error


def _begin(shown: ExitStack, title: str) -> Begin:
    def begin(total: int) -> Callable[[int], None]:
        return shown.enter_context(step(title, total)).to

    return begin


def _beside(findings: Findings) -> str | None:
    if findings.damage:
        return findings.damage[0]
    if findings.differing:
        first = findings.differences[0]
        return (
            f"{findings.differing:,} rows beside the log differ from it, the first in "
            f"{first.table}, {' '.join(first.key)}: `taskledger heads check` shows them"
        )
    return None


def _of_views(different: Sequence[_Differing]) -> str | None:
    if not different:
        return None
    count = sum(comparison.count for _, comparison in different)
    view, comparison = different[0]
    first = comparison.differences[0]
    return (
        f"{count:,} rows of views differed from the log, the first in {view}: {_row(first)};"
        " now they are as it says"
    )


def _row(one: Difference) -> str:
    return f"{one.table} {', '.join(map(str, one.key))}, {one.kind}"


def _give_wrong(
    what: str, position: int | None, different: Sequence[_Differing] = (), *, as_json: bool
) -> None:
    if as_json:
        rows = [
            {"view": view, "table": one.table, "key": list(one.key), "kind": one.kind}
            for view, comparison in different
            for one in comparison.differences
        ]
        give_json({"verified": False, "wrong": what, "position": position, "rows": rows})
        return
    typer.echo(f"not verified: {what}")
    for view, comparison in different:
        for one in comparison.differences:
            say(f"{view}: {_row(one)}")
        if comparison.count > len(comparison.differences):
            say(f"{view}: ... and {comparison.count - len(comparison.differences):,} more")


def _give(checked: Checked, findings: Findings, *, views: bool, as_json: bool) -> None:
    signed = checked.signed
    if as_json:
        give_json(
            {
                "verified": True,
                "log_id": checked.log_id,
                "position": findings.position,
                "tree_size": 0 if signed is None else signed.size,
                "root": None if signed is None else signed.root.hex(),
                "origin": None if signed is None else signed.origin,
                "at": None if signed is None else times.written(signed.at),
                "missing_files": list(checked.missing),
                "views": views,
            }
        )
        return
    for name in checked.missing:
        say(f"{name} of the published tree is not there; a running sealer puts it back.")
    tree = "nothing is signed yet"
    if signed is not None:
        tree = (
            f"tree size {signed.size:,}, root {signed.root.hex()}, signed as {signed.origin}, "
            f"at {times.written(signed.at)}"
        )
    beside = "what stands beside the log and every view" if views else "what stands beside the log"
    typer.echo(f"verified: {findings.position:,} events and {beside}; {tree}")
