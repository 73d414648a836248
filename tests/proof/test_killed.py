"""A sealer that is killed anywhere, again and again: no fork, no gap, no double."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.record.checkpoint import parse_checkpoint
from domain.record.note import parse_note
from domain.record.tree import leaf_hash, root_of
from infra.record.entries import between
from infra.record.links import leaves_of
from infra.record.signing import make_signing_key
from tests.infra.processes.conftest import until
from tests.infra.record.conftest import Bench, bench
from tests.proof.tally import Proof

__all__ = ["bench"]

CHILD = Path(__file__).with_name("killed_child.py")
KILLS = 50


@pytest.fixture
def forks(bench: Bench) -> Iterator["subprocess.Popen[str]"]:
    make_signing_key(bench.path / "signing.key")
    with subprocess.Popen(
        [sys.executable, str(CHILD), bench.url, str(bench.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


async def test_a_sealer_that_is_killed_never_contradicts_itself(
    bench: Bench, forks: "subprocess.Popen[str]", proof: Proof
) -> None:
    what = "the sealer killed under load: no fork, gap or double"
    chance = random.Random(proof.seed)
    notes: set[bytes] = set()
    cases = proof.seeds(KILLS, least=3)
    with proof.counted(what, is_untouched=True) as count:
        for n, _ in enumerate(cases):
            notes |= await _killed_once(bench, forks, chance, is_sealing=bool(n % 3))
        sealer = bench.start()
        await bench.signed(sealer, bench.log.head())
        notes |= _notes(bench)
        held = await _is_one_log(bench, notes)
        for case in cases:
            count(case, held)
    assert len(notes) > len(cases) // 2, "most of them came to sign"


async def _killed_once(
    bench: Bench, forks: "subprocess.Popen[str]", chance: random.Random, *, is_sealing: bool
) -> set[bytes]:
    """What is let out until then; `is_sealing`: it has signed something before."""
    assert forks.stdin is not None
    assert forks.stdout is not None
    forks.stdin.write("\n")
    forks.stdin.flush()
    child = int(await asyncio.to_thread(forks.stdout.readline))
    before, most = _notes(bench), chance.randrange(1, 12)

    def appended() -> bool:
        bench.append(chance.randrange(1, 40))
        return _notes(bench) > before if is_sealing else chance.random() < 1 / most

    await until(appended, 20, "the sealer came so far")
    os.kill(child, signal.SIGKILL)
    return _notes(bench)


async def _is_one_log(bench: Bench, notes: set[bytes]) -> bool:
    """Every event has one entry, and all that was ever signed is the beginning of one tree."""
    async with bench.pool.connection() as connection:
        made = await between(connection, 1, bench.log.head())
    if [each.position for each in made] != list(range(1, bench.log.head() + 1)):
        return False
    hashes = [leaf_hash(leaf) for leaf in leaves_of(made)]
    said = [parse_checkpoint(parse_note(note).text) for note in notes]
    return all(each.root == root_of(hashes[: each.size]) for each in said)


def _notes(bench: Bench) -> set[bytes]:
    """All that was ever let out."""
    stored = {note.encode() for (note,) in bench.log.ask("SELECT note FROM record.checkpoints")}
    files = (bench.path / "checkpoint", bench.published("checkpoint"))
    return stored | {path.read_bytes() for path in files if path.exists()}
