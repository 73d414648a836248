"""`taskledger heads`: whether what stands beside the log follows from it, and what to do if not."""

import typer
import uvloop

from api.cli.answers import give_json, give_table, say
from api.cli.exits import FOUND_WRONG, Exit
from api.cli.options import Json
from infra.event_store import derived
from infra.event_store.derived import Findings
from infra.postgres.pool import connected
from infra.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def heads() -> None:
    """Heads of streams, guards, claims and sequences: all of them follow from the log."""


@app.command()
def check(*, as_json: Json = False) -> None:
    """Compare them with the log; change nothing. Appends wait only for the comparison itself."""
    findings = _run(mend=False)
    _show(findings, as_json)
    if not findings.good:
        raise Exit(FOUND_WRONG, _in_short(findings))
    say(f"all as the log has it, up to position {findings.position:,}")


@app.command()
def rebuild(*, as_json: Json = False) -> None:
    """Put right every row that differs. Damage to the log itself cannot be mended here."""
    findings = _run(mend=True)
    _show(findings, as_json)
    if findings.damage:
        raise Exit(FOUND_WRONG, _in_short(findings))
    say(f"{findings.differing:,} rows put right, up to position {findings.position:,}")


def _run(*, mend: bool) -> Findings:
    async def run() -> Findings:
        async with connected(Settings.load().resolve().owner_url()) as connection:
            return await (derived.rebuild if mend else derived.check)(connection)

    return uvloop.run(run())


def _show(findings: Findings, as_json: bool) -> None:
    if as_json:
        give_json(
            {
                "position": findings.position,
                "differing": findings.differing,
                "differences": [
                    {
                        "table": each.table,
                        "key": each.key,
                        "expected": each.expected,
                        "found": each.found,
                    }
                    for each in findings.differences
                ],
                "damage": findings.damage,
            }
        )
        return
    if findings.differences:
        give_table(
            ("table", "key", "the log says", "found"),
            (
                (each.table, " ".join(each.key), _row(each.expected), _row(each.found))
                for each in findings.differences
            ),
        )
    for damage in findings.damage:
        say(damage)


def _row(values: tuple[object, ...] | None) -> str:
    return "nothing" if values is None else " ".join(map(str, values))


def _in_short(findings: Findings) -> str:
    return (
        f"{findings.differing:,} rows differ from the log, "
        f"and the log itself is damaged in {len(findings.damage)} places"
    )
