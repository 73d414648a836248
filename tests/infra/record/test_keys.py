"""Who signs: a key in a file, another one, a command."""

import json
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.cli.exits import BAD_USE, DONE
from api.cli.main import run
from domain.record.checkpoint import parse_checkpoint
from domain.record.note import parse_note
from domain.record.note_keys import open_note
from domain.record.trust import parse_keys
from infra.record.signing import (
    CannotSign,
    CommandSigner,
    FileSigner,
    make_signing_key,
    second_signer_of,
)
from infra.settings import Settings
from tests.infra.record.conftest import Bench


async def test_another_key_is_published_and_recorded_before_it_signs(bench: Bench) -> None:
    bench.append(5)
    sealer = bench.start()
    await bench.signed(sealer, 5)
    first = bench.published("checkpoint").read_bytes()
    assert make_signing_key(bench.path / "signing.key", replace=True)
    bench.append(1)
    await bench.signed(sealer, 7)
    assert bench.log.ask("SELECT type FROM log.events WHERE position = 7") == [
        ("SigningKeyChanged.v1",)
    ]
    old, new = parse_keys((bench.path / "keys.json").read_bytes())
    assert (old.valid_until, new.valid_until) == (new.valid_from, None)
    assert [each.key for each in open_note(parse_note(first), [old.key])] == [old.key]
    last = parse_note(bench.published("checkpoint").read_bytes())
    assert [each.key for each in open_note(last, [old.key, new.key])] == [new.key]
    async with bench.appending() as store:
        [recorded] = await store.decode(await store.read_rows(7, 7))
    event = recorded.event
    assert (event.was, event.now) == (old.key.encode(), new.key.encode())
    assert event.valid_from == new.valid_from
    assert (bench.path / "signing.key").stat().st_mode & 0o777 == 0o600


async def test_a_second_key_signs_beside_the_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.path / "second.key"
    monkeypatch.setenv("TASKLEDGER_RECORD_ML_DSA_KEY_FILE", str(path))
    new_key = ["record", "new-key", "--ml-dsa"]
    assert (run(new_key), run(new_key)) == (DONE, BAD_USE)
    bench.append(5)
    await bench.sealed()
    alone = bench.published("checkpoint").read_bytes()
    second = second_signer_of(Settings.load())
    sealer = bench.start(second=second)
    bench.append(1)
    await bench.signed(sealer, 6)
    both = bench.published("checkpoint").read_bytes()
    assert run([*new_key, "--replace"]) == DONE
    bench.append(1)
    await bench.signed(sealer, 8)
    changed = bench.published("checkpoint").read_bytes()
    await bench.stop()
    bench.append(1)
    await bench.sealed()
    dropped = bench.published("checkpoint").read_bytes()

    listed = json.loads((bench.path / "tlog/keys.json").read_bytes())["keys"]
    assert [each["algorithm"] for each in listed] == ["Ed25519", "ML-DSA-44", "ML-DSA-44"]
    first, old, new = parse_keys((bench.path / "keys.json").read_bytes())
    assert first.valid_until is None
    for note, signers in (
        (alone, [first]),
        (both, [first, old]),
        (changed, [first, new]),
        (dropped, [first]),
    ):
        parsed = parse_note(note)
        said = parse_checkpoint(parsed.text)
        assert said.at is not None
        keys = [each.key for each in (first, old, new)]
        found = open_note(parsed, keys)
        assert [each.key for each in found] == [each.key for each in signers]
        for trusted in signers:  # either is enough, at the time that it says itself
            [signed] = open_note(parsed, [trusted.key])
            assert trusted.valid_at(said.at if signed.at is None else signed.at * 1_000_000)
            assert trusted.valid_at(said.at)
    assert new.valid_until is not None
    async with bench.appending() as store:
        [recorded] = await store.decode(await store.read_rows(8, 8))
    event = recorded.event
    assert (event.was, event.now) == (old.key.encode(), new.key.encode())
    assert event.valid_from == new.valid_from


async def test_a_command_may_hold_the_key(bench: Bench, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    script = tmp_path / "sign.py"
    script.write_text(
        "import sys\n"
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey\n"
        f"key = Ed25519PrivateKey.from_private_bytes({key.private_bytes_raw()!r})\n"
        "sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))\n"
    )
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    bench.append(3)
    signer = CommandSigner(f"{sys.executable} {script}", public)
    await bench.signed(bench.start(signer=signer), 3)
    [kept] = json.loads((bench.path / "tlog/keys.json").read_bytes())["keys"]
    [trusted] = parse_keys(kept["vkey"].encode())
    assert open_note(parse_note(bench.published("checkpoint").read_bytes()), [trusted.key])
    assert trusted.key.public == key.public_key().public_bytes_raw()


async def test_without_a_key_nothing_is_signed_and_it_is_said_why(tmp_path: Path) -> None:
    with pytest.raises(CannotSign, match="there is no signing key in"):
        await FileSigner(tmp_path / "none").public()
    (tmp_path / "bad").write_text("nothing")
    with pytest.raises(CannotSign, match="cannot be read"):
        await FileSigner(tmp_path / "bad").public()
    (tmp_path / "no_card.py").write_text("import sys\nsys.exit('no card')\n")
    signer = CommandSigner(f"{sys.executable} {tmp_path}/no_card.py", "")
    with pytest.raises(CannotSign, match="ended with 1: no card"):
        await signer.sign(b"x")
