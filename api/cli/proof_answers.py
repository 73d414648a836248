"""Gives the proofs of the signed log on the command line, as the doors give them."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import uvloop
from msgspec import Struct, json, to_builtins

from api.cli.answers import give_json, say
from api.cli.exits import BAD_USE, Exit, unwritable
from api.cli.house import house_of
from api.routes.proofs import CheckpointAnswer, consistency_of, inclusion_of
from infra import logs
from infra.bootstrap import House
from infra.settings import Settings

Answer = TypeVar("Answer")


def give_inclusion(position: int, size: int | None, out: Path | None, *, as_json: bool) -> None:
    """Raises Refused, and Exit where it cannot be written."""
    made = _asked(lambda house: inclusion_of(house, position, size))
    lines = [
        f"position {made.position:,} is leaf {made.leaf_index:,} of the tree of {made.tree_size:,}",
        f"leaf   {made.leaf}",
    ]
    _give(made, [*lines, *_proven(made.proof, made.checkpoint)], out, as_json=as_json)


def give_consistency(
    from_size: int, to_size: int | None, out: Path | None, *, as_json: bool
) -> None:
    """Raises the same."""
    made = _asked(lambda house: consistency_of(house, from_size, to_size))
    line = f"the tree of {made.to_size:,} begins with that of {made.from_size:,}"
    _give(made, [line, *_proven(made.proof, made.checkpoint)], out, as_json=as_json)


def give_timestamp(size: int, out: Path, *, as_json: bool) -> None:
    """Raises Refused, and Exit where there is none yet or it cannot be written."""
    stamp = _asked(lambda house: house.proofs.stamp(size))
    if stamp is None:
        raise Exit(BAD_USE, f"no tree of {size:,} events or more has a time stamp yet")
    _write(out, stamp.encode())
    if as_json:
        give_json({"file": str(out), "from_size": size})
    else:
        say(f"a time stamp is in {out}")


def _asked(ask: Callable[[House], Awaitable[Answer]]) -> Answer:
    """Beside the served product, by its settings."""
    logs.configure("error", "proof")
    settings = Settings.load().resolve()

    async def run() -> Answer:
        async with house_of(settings) as house:
            return await ask(house)

    return uvloop.run(run())


def _proven(proof: list[str], checkpoint: CheckpointAnswer) -> list[str]:
    return [*(f"proof  {each}" for each in proof), "", checkpoint.note.rstrip("\n")]


def _give(made: Struct, lines: list[str], out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        _write(out, json.format(json.encode(made), indent=1) + b"\n")
    if as_json:
        give_json(to_builtins(made))
    elif out is not None:
        say(f"the proof is in {out}")
    else:
        sys.stdout.write("\n".join(lines) + "\n")


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise unwritable(out, error) from error
