"""Proofs that are read from the published tree."""

import random

import pytest

from domain.errors import Kind, Refused
from domain.record.tree import leaf_hash, verify_consistency, verify_inclusion
from infra.record.proofs import LogProofs
from infra.record.summing import summed
from tests.infra.record.conftest import Bench

SIZES = (1, 200, 256, 700)


async def test_every_proof_holds_of_every_tree_that_was_signed(bench: Bench) -> None:
    proofs = LogProofs(bench.files, bench.log.log_id())
    with pytest.raises(Refused) as refused:
        await proofs.signed()
    assert refused.value.kind is Kind.NOT_FOUND
    sealer = bench.start()
    for size in SIZES:
        bench.append(size - bench.log.head())
        await bench.signed(sealer, size)
    await bench.stop()
    roots = dict(bench.log.ask("SELECT size, root FROM record.checkpoints"))
    assert set(SIZES) <= roots.keys()
    for new in SIZES:
        for old in (each for each in SIZES if each <= new):
            proof = await proofs.consistency(old, new)
            assert verify_consistency(old, new, roots[old], roots[new], proof)
        for index in {0, new - 1, *random.Random(new).sample(range(new), min(new, 20))}:
            leaf = leaf_hash(await proofs.leaf(index))
            proof = await proofs.inclusion(index, new)
            assert verify_inclusion(index, new, leaf, proof, roots[new])


async def test_whoever_asks_has_all_chains_summed_and_signed(bench: Bench) -> None:
    head = bench.append(10)
    bench.start()
    summary = await summed(bench.pool, bench.nats, bench.log.log_id())
    assert summary.upto >= head
    assert summary.position > summary.upto
    signed = (await LogProofs(bench.files, bench.log.log_id()).signed()).checkpoint
    assert signed.size >= summary.position
    async with bench.appending() as store:
        position = summary.position
        [recorded] = await store.decode(await store.read_rows(position, position))
    assert (recorded.event.upto, recorded.event.workspaces) == (summary.upto, 3)
