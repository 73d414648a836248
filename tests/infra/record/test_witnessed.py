"""A sealer and a witness in two processes: what one signs the other cosigns, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.record.note import parse_note
from domain.record.note_keys import VerifierKey, open_note
from domain.record.trust import parse_keys
from infra.record import witnesses
from infra.record.witness_client import WitnessClient
from infra.record.witnesses import Quorum, Witnesses
from tests.infra.processes.conftest import until
from tests.infra.record.conftest import Bench
from tests.infra.witness.served import ServedWitness, served_witness


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[ServedWitness]:
    with served_witness(tmp_path / "witness") as made:
        yield made


def known(bench: Bench) -> list[VerifierKey]:
    return [each.key for each in parse_keys((bench.path / "keys.json").read_bytes())]


def published(bench: Bench) -> bytes:
    return bench.published("checkpoint").read_bytes()


def signed_by(note: bytes, key: VerifierKey) -> bool:
    return any(map(key.made, parse_note(note).signatures))


async def test_what_a_witness_cosigns_stands_in_the_checkpoint(
    bench: Bench, witness: ServedWitness
) -> None:
    key = witness.start()
    asked = Witnesses([WitnessClient(key, witness.url)], 1)
    bench.append(300)
    sealer = bench.start(witnesses=asked)
    await bench.signed(sealer, 300)
    assert not signed_by(published(bench), key), "a log that it does not know"
    witness.knows(*known(bench))
    await until(lambda: signed_by(published(bench), key), 20, "a cosignature")
    bench.append(7)
    await bench.signed(sealer, 307)
    await until(lambda: signed_by(published(bench), key), 20, "a cosignature")
    note = parse_note(published(bench))
    own, other = open_note(note, [*known(bench), key])
    assert (own.key, other.key) == (*known(bench), key)
    assert asked.report == {"state": "running", "size": 307}
    stored = bench.log.ask("SELECT note FROM record.checkpoints ORDER BY size DESC LIMIT 1")
    assert (stored[0][0].encode(), bench.path.joinpath("checkpoint").read_bytes()) == (
        published(bench),
        published(bench),
    )
    assert Quorum((key,), 1).met_by(published(bench))
    assert not Quorum((key, known(bench)[0]), 3).met_by(published(bench))

    await bench.stop()
    again = bench.start()
    bench.append(1)
    await bench.signed(again, 308)
    assert not signed_by(published(bench), key)


async def test_without_its_witness_a_log_is_sealed_and_says_so(
    bench: Bench, witness: ServedWitness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "LATE_S", 0.3)
    key = witness.start()
    bench.append(5)
    await bench.sealed()
    witness.knows(*known(bench))
    asked = Witnesses([WitnessClient(key, witness.url)], 1)
    sealer = bench.start(witnesses=asked)
    await until(lambda: signed_by(published(bench), key), 20, "a cosignature")
    witness.kill()
    bench.append(20)
    await bench.signed(sealer, 25)
    assert sealer.said.state == "running"
    await until(lambda: asked.report["state"] != "running", 20, "the witness is missed")
    assert str(asked.report["state"]).startswith(
        "0 of 1 cosign, 1 are wanted: witness.example/w1: it cannot be reached"
    )
    assert asked.report["size"] == 5
    witness.start()
    await until(lambda: signed_by(published(bench), key), 20, "a cosignature")
    assert asked.report == {"state": "running", "size": 25}


async def test_a_second_history_of_the_log_is_not_cosigned(
    bench: Bench, witness: ServedWitness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever holds the database and the key, and has thrown away what the sealer kept."""
    monkeypatch.setattr(witnesses, "LATE_S", 0.3)
    key = witness.start()
    bench.append(20)
    await bench.sealed()
    witness.knows(*known(bench))
    bench.start(witnesses=Witnesses([WitnessClient(key, witness.url)], 1))
    await until(lambda: signed_by(published(bench), key), 20, "a cosignature")
    await bench.stop()
    honest = published(bench)

    bench.tamper("DELETE FROM record.checkpoints", "DELETE FROM record.entries")
    bench.tamper("UPDATE log.events SET payload = payload || '\\xc0' WHERE position = 3")
    bench.path.joinpath("tlog", bench.log.log_id()).rename(bench.path / "put away")
    bench.path.joinpath("checkpoint").unlink()
    for size, why in ((20, "409: another tree of 20 leaves"), (33, "422: the proof does not lead")):
        bench.append(size - bench.log.head())
        asked = Witnesses([WitnessClient(key, witness.url)], 1)
        sealer = bench.start(witnesses=asked)
        await bench.signed(sealer, size)
        await until(lambda: why in str(asked.report["state"]), 20, why)  # noqa: B023
        assert not signed_by(published(bench), key)
        await bench.stop()

    bench.cut(12)
    bench.path.joinpath("tlog", bench.log.log_id()).rename(bench.path / "put away too")
    bench.path.joinpath("checkpoint").unlink()
    asked = Witnesses([WitnessClient(key, witness.url)], 1)
    sealer = bench.start(witnesses=asked)
    await bench.signed(sealer, 12)
    await until(
        lambda: "has cosigned 20 events of this log, and here are 12" in asked.report["state"], 20
    )
    assert signed_by(honest, key)
