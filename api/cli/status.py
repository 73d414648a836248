"""`taskledger status`: each part, the log, its relay, and how far every view is."""

import asyncio
import sys
from typing import Annotated

import typer

from api.cli.answers import give_json, give_table, say
from api.cli.exits import FOUND_WRONG, PART_DOWN, Exit
from infra import logs
from infra.processes.parts import Parts, ask
from infra.processes.status import FlowStatus
from infra.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="All of it on one line.")] = False,
) -> None:
    """Ask every part. 0: all is well; 1: something needs a person; 3: a part is down."""
    logs.configure("error", "status")
    parts, flow = asyncio.run(ask(Settings.load().resolve()))
    if as_json:
        give_json(_document(parts, flow))
    else:
        _show(parts, flow)
    down = [name for name, why in parts.items() if why is not None]
    if down:
        raise Exit(PART_DOWN, f"down: {', '.join(down)}")
    if flow is not None and flow.wrong:
        raise Exit(FOUND_WRONG, flow.wrong[0])


def _document(parts: Parts, flow: FlowStatus | None) -> dict[str, object]:
    document: dict[str, object] = {
        "parts": {name: {"ok": why is None, "why": why} for name, why in parts.items()}
    }
    if flow is None:
        return document
    relay = flow.relay
    return document | {
        "log_id": flow.head.log_id,
        "head_position": flow.head.position,
        "relay": relay
        and {
            "state": relay.state,
            "why": relay.wrong,
            "cursor": relay.cursor,
            "epoch": relay.epoch,
            "owner": relay.owner,
        },
        **{
            name: role and {"state": role.state, "why": role.wrong}
            for name, role in (("scheduler", flow.scheduler), ("sealer", flow.sealer))
        },
        "views": {
            view.name: {
                "version": view.version,
                "position": view.position,
                "lag_events": view.lag_events,
                "lag_seconds": round(view.lag_seconds, 3),
                "dead_letters": view.parked_events,
            }
            for view in flow.views
        },
        "processes": [
            {
                "process": process.process,
                "roles": list(process.roles),
                "started_at": process.started_at,
                "silent_s": round(process.silent_s, 1),
                "report": process.report,
            }
            for process in flow.processes
        ],
        "wrong": flow.wrong,
    }


def _show(parts: Parts, flow: FlowStatus | None) -> None:
    give_table(("part", "state"), ((name, why or "ok") for name, why in parts.items()))
    if flow is None:
        return
    relay = flow.relay
    sys.stdout.write(f"\nlog {flow.head.log_id}, {flow.head.position:,} events\n")
    if relay is not None:
        sys.stdout.write(f"relay {relay.wrong or 'runs'}, published {relay.cursor:,}\n")
    for name, role in (("scheduler", flow.scheduler), ("sealer", flow.sealer)):
        if role is not None:
            sys.stdout.write(f"{name} {role.state}\n")
    sys.stdout.write("\n")
    give_table(
        ("view", "version", "position", "behind", "seconds", "parked"),
        (
            (v.name, v.version, v.position, v.lag_events, v.lag_seconds, v.parked_events)
            for v in flow.views
        ),
    )
    for line in flow.wrong:
        say(line)
