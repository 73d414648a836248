"""Who signs: a key in a file, another one, a command."""

import json
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.record.note import parse_note
from domain.record.note_keys import open_note
from domain.record.trust import parse_keys
from infra.record.signing import CannotSign, CommandSigner, FileSigner, make_signing_key
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
