"""A live log in the hands of its database's superuser: whatever they do to it is found."""

import random
from collections.abc import AsyncIterator

import pytest

from infra.record.refusal import Tampered, WillNotSign
from tests.infra.record.conftest import Bench, bench
from tests.proof.live import Live, live_log
from tests.proof.tally import Proof
from tests.proof.tampers import TAMPERS, Tamper

__all__ = ["bench"]

EACH = 60
"""Tampers of each kind; all kinds together over a thousand."""


@pytest.fixture
async def live(bench: Bench) -> AsyncIterator[Live]:
    async with live_log(bench) as made:
        yield made


async def test_whatever_a_superuser_does_is_found(live: Live, proof: Proof) -> None:
    async def untouched(_: str) -> bool:
        await live.check()
        return True

    await proof.tried_live("a live log", proof.seeds(1000), untouched, is_untouched=True)
    for what, tampers in TAMPERS.items():

        async def found(case: str, tampers: tuple[Tamper, ...] = tampers) -> bool:
            randomly = random.Random(int(case))
            changed = tampers[int(case) % len(tampers)](live, randomly)
            try:
                await live.check()
            except Tampered as wrong:
                return wrong.position == changed.position
            except WillNotSign:
                return changed.position is None
            finally:
                live.put_back()
            return False

        # One of each way at least.
        cases = proof.seeds(EACH, least=len(tampers))
        await proof.tried_live(f"a live log: {what}", cases, found)
