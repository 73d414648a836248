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
from tests.infra.record.conftest import Bench

CHILD = Path(__file__).with_name("killed_child.py")
ROUNDS = 12


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
    bench: Bench, forks: "subprocess.Popen[str]"
) -> None:
    assert forks.stdin is not None
    assert forks.stdout is not None
    chance = random.Random(6)
    notes: set[bytes] = set()
    for _ in range(ROUNDS):
        forks.stdin.write("\n")
        forks.stdin.flush()
        child = int(await asyncio.to_thread(forks.stdout.readline))
        for _ in range(chance.randrange(1, 12)):
            bench.append(chance.randrange(1, 40))
            await asyncio.sleep(chance.random() / 50)
        os.kill(child, signal.SIGKILL)
        notes |= _notes(bench)
    sealer = bench.start()
    await bench.signed(sealer, bench.log.head())
    notes |= _notes(bench)
    async with bench.pool.connection() as connection:
        made = await between(connection, 1, bench.log.head())
    assert [each.position for each in made] == list(range(1, bench.log.head() + 1))
    hashes = [leaf_hash(leaf) for leaf in leaves_of(made)]
    roots = {}
    for note in notes:
        said = parse_checkpoint(parse_note(note).text)
        assert roots.setdefault(said.size, said.root) == said.root == root_of(hashes[: said.size])
    assert len(roots) > 2, "some of them came to sign"


def _notes(bench: Bench) -> set[bytes]:
    """All that was ever let out."""
    stored = {note.encode() for (note,) in bench.log.ask("SELECT note FROM record.checkpoints")}
    files = (bench.path / "checkpoint", bench.published("checkpoint"))
    return stored | {path.read_bytes() for path in files if path.exists()}
