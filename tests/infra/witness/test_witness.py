"""A witness and its memory: nothing that it cosigned is ever forgotten."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.cli.main import run
from domain.record import times
from domain.record.checkpoint import Checkpoint
from domain.record.note import Note, parse_note
from domain.record.note_keys import KeyKind, VerifierKey, open_note
from domain.record.tree import consistency_proof, leaf_hash, levels_of, root_of
from domain.record.witnessing import AddCheckpoint, Why, WillNotCosign
from infra.durable import FolderBusy
from infra.settings import Settings, SettingsError
from infra.witness.memory import MemoryLost, name_of
from infra.witness.witness import Witness, alone, new_witness, witness_of

LOG = "log.example/1"
PRIVATE = Ed25519PrivateKey.generate()
KEY = VerifierKey(LOG, KeyKind.ED25519, PRIVATE.public_key().public_bytes_raw())
LEAVES = [leaf_hash(bytes([n])) for n in range(30)]


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """Of a witness that is about to begin, and knows one log."""
    made = Settings(data_dir=tmp_path, witness_name="witness.example/w1")
    made.witness_dir().mkdir()
    (made.witness_dir() / "logs").write_text(KEY.encode() + "\n")
    return made


def body(old: int, leaves: list[bytes]) -> bytes:
    text = Checkpoint(LOG, len(leaves), root_of(leaves)).text()
    levels = levels_of(leaves)
    proof = consistency_proof(old, len(leaves), lambda level, index: levels[level][index])
    note = Note(text, (KEY.sign(text, PRIVATE.sign),))
    return AddCheckpoint(old, tuple(proof), note.encode()).encode()


async def refused(witness: Witness, asked: bytes) -> Why:
    with pytest.raises(WillNotCosign) as found:
        await witness.add_checkpoint(asked)
    return found.value.why


async def test_what_was_cosigned_is_remembered_by_whoever_comes_next(place: Settings) -> None:
    with pytest.raises(SettingsError, match="no witness"):  # whoever asks for its key makes none
        witness_of(place, begins=False)
    first = witness_of(place)
    asked = body(0, LEAVES[:9])
    before = int(time.time())
    line = await first.add_checkpoint(asked)
    kept = await first.checkpoint(name_of(LOG))
    assert kept == asked.partition(b"\n\n")[2] + line
    [signed] = open_note(parse_note(kept), [await first.key()])
    assert signed.at is not None
    assert before <= signed.at <= time.time()

    again = witness_of(place)
    assert await again.key() == signed.key
    forked = [leaf_hash(b"another"), *LEAVES[1:13]]
    assert await refused(again, body(0, LEAVES[:9])) is Why.OTHER_SIZE
    assert await refused(again, body(9, forked)) is Why.INCONSISTENT
    assert await refused(again, body(9, forked[:9])) is Why.OTHER_ROOT
    assert await again.checkpoint(name_of(LOG)) == kept
    await again.add_checkpoint(body(9, LEAVES[:9]))
    await again.add_checkpoint(body(9, LEAVES[:13]))
    assert await refused(again, body(9, LEAVES[:12])) is Why.OTHER_SIZE
    assert await again.checkpoint(name_of("log.example/2")) is None


async def test_of_two_histories_at_once_one_is_cosigned(place: Settings) -> None:
    witness = witness_of(place)
    await witness.add_checkpoint(body(0, LEAVES[:5]))
    histories = [[*LEAVES[:5], leaf_hash(bytes([n, n]))] for n in range(8)]
    answers = await asyncio.gather(
        *(witness.add_checkpoint(body(5, each)) for each in histories), return_exceptions=True
    )
    assert sum(isinstance(each, bytes) for each in answers) == 1


async def test_a_key_without_its_memory_signs_nothing(place: Settings) -> None:
    witness = witness_of(place)
    await witness.add_checkpoint(body(0, LEAVES[:9]))
    cosigned = place.witness_dir() / "cosigned"
    [file] = cosigned.iterdir()
    content = file.read_bytes()
    for broken in (b"", content[:40], content.replace(LOG.encode(), b"log.example/2")):
        file.write_bytes(broken)
        with pytest.raises(MemoryLost):
            await witness.add_checkpoint(body(9, LEAVES[:13]))
    cosigned.rename(cosigned.with_name("elsewhere"))
    with pytest.raises(MemoryLost):
        await witness.add_checkpoint(body(0, LEAVES[:9]))
    with pytest.raises(SettingsError, match="put that back"):
        witness_of(place)
    new_witness(place)
    assert await witness_of(place).key() == await witness.key()
    with pytest.raises(SettingsError, match="already"):
        new_witness(place)


async def test_a_witness_that_cannot_write_answers_nothing(place: Settings) -> None:
    witness = witness_of(place)
    await witness.add_checkpoint(body(0, LEAVES[:9]))
    [file] = (place.witness_dir() / "cosigned").iterdir()
    kept = file.read_bytes()
    in_its_way = file.with_name(f"{file.name}.new")
    in_its_way.mkdir()
    with pytest.raises(IsADirectoryError):
        await witness.add_checkpoint(body(9, LEAVES[:13]))
    in_its_way.rmdir()
    assert file.read_bytes() == kept
    await witness.add_checkpoint(body(9, LEAVES[:13]))


async def test_the_logs_are_those_of_the_file_as_it_is_now(place: Settings) -> None:
    witness, file = witness_of(place), place.witness_dir() / "logs"
    asked = body(0, LEAVES[:9])
    file.unlink()
    assert await refused(witness, asked) is Why.UNKNOWN_LOG
    document = '{"keys": [{"vkey": "%s", "valid_until": %s}]}'
    past = times.written(time.time_ns() // 1000 - 1_000_000)
    file.write_text(document % (KEY.encode(), f'"{past}"'))
    assert await refused(witness, asked) is Why.UNKNOWN_LOG
    file.write_text(document % (KEY.encode(), "null"))
    await witness.add_checkpoint(asked)
    file.write_text("no keys at all")
    await witness.add_checkpoint(body(9, LEAVES[:13]))


def test_one_process_is_one_witness(place: Settings) -> None:
    with alone(place), pytest.raises(FolderBusy), alone(place):
        pass
    with alone(place):
        pass


async def test_its_key_is_told_to_programs_as_well(
    place: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASKLEDGER_WITNESS_NAME", "witness.example/w1")
    told = []
    for verb in ("new", "key"):
        arguments = ["witness", verb, "--data-dir", str(place.data_dir), "--json"]
        assert await asyncio.to_thread(run, arguments) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told == [{"vkey": (await witness_of(place).key()).encode()}] * 2
