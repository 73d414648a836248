"""A log that went on in two ways: whoever saw the one is not shown the other for it."""

import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.note import parse_note
from domain.record.tree import verify_consistency
from infra.record.files import PublishedFiles
from infra.record.proofs import LogProofs
from infra.record.refusal import WillNotSign
from tests.infra.processes.sample import Added
from tests.infra.record.conftest import Bench, bench
from tests.proof.live import Live, live_log
from tests.proof.tally import Proof

__all__ = ["bench"]


@pytest.fixture
async def live(bench: Bench) -> AsyncIterator[Live]:
    async with live_log(bench) as made:
        yield made


async def test_two_copies_that_both_went_on_are_a_fork(live: Live, proof: Proof) -> None:
    """Two sealers with the key of the log, each over its own copy of the database."""
    first, bench = live.bench.path.with_name("first"), live.bench

    async def found(case: str) -> bool:
        randomly = random.Random(int(case))
        lengths = [randomly.randint(1, 40)] * 2
        if randomly.random() < 0.8:
            lengths[1] = randomly.randint(1, 40)
        for copy, more in enumerate(lengths, 1):
            live.put_back()
            bench.log.append(*(("ws_a", f"s{copy}", Added(n)) for n in range(more)))
            await bench.sealed()
            if copy == 1:
                shutil.rmtree(first, ignore_errors=True)
                shutil.copytree(bench.path, first, symlinks=True)
        seen = _checkpoint(first / "checkpoint")
        return (
            not await _reader_follows(seen, bench)
            and await _standby_refuses(bench, first)
            and await _check_refuses(live, first)
        )

    what = "a fork: seen by a reader, a standby sealer, the check"
    await proof.tried_live(what, proof.seeds(50), found)


async def _reader_follows(seen: Checkpoint, bench: Bench) -> bool:
    """By a consistency proof from what was seen to what is published now."""
    proofs = LogProofs(PublishedFiles.within(bench.path / "tlog"), bench.log.log_id())
    now = (await proofs.signed()).checkpoint
    if now.size <= seen.size:
        return (now.size, now.root) == (seen.size, seen.root)
    proof = await proofs.consistency(seen.size, now.size)
    return verify_consistency(seen.size, now.size, seen.root, now.root, proof)


async def _standby_refuses(bench: Bench, first: Path) -> bool:
    """One that followed the first copy, and takes over where the second one is; every time."""
    for _ in range(2):
        await bench.refused(bench.start(path=first))
        await bench.stop()
    return True


async def _check_refuses(live: Live, first: Path) -> bool:
    shutil.copyfile(first / "checkpoint", live.bench.path / "checkpoint")
    try:
        await live.check()
    except WillNotSign:
        return True
    return False


def _checkpoint(file: Path) -> Checkpoint:
    return parse_checkpoint(parse_note(file.read_bytes()).text)
