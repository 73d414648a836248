"""`taskledger verify`: what it says, how it ends, and that it needs nothing of the product."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from rfc3161_client import TimestampRequestBuilder
from rfc3161_client.base import HashAlgorithm

from api.cli.main import run
from domain.record.note import parse_note
from domain.record.note_keys import KeyKind, VerifierKey
from domain.record.timestamp import Stamp, stamped_bytes
from tests.record.authority import OPENSSL, made_authority
from tests.record.made import LOG_ID, ORIGIN, Signer, parts_of, signer, small_log, witness

KEY = signer().key.encode()
OTHER_KEY = signer(2).key.encode()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In a folder without any data of the product."""
    monkeypatch.setenv("TASKLEDGER_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "period.bundle"
    file.write_bytes(parts_of(small_log()).bundle())
    return file


def answered(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_it_says_what_is_verified(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(bundle), "--key", KEY]) == 0
    said = answered(capsys)
    assert said.startswith(
        "verified: 5 events, complete from 1 to 5, as of position 11, summed up at"
        " 2026-01-31T12:00:11.000000Z, tree size 12, root "
    )
    assert f"signed by {ORIGIN}+{signer().key.key_id.hex()}, at 2026-01-31T12:00:12.0000" in said
    assert run(["verify", str(bundle), "--key", KEY, "--json"]) == 0
    document = json.loads(answered(capsys))
    assert document["verified"] is document["trusted"] is True
    assert (document["events"], document["log_id"], document["filter"]) == (5, LOG_ID, {})
    assert (document["upto"], document["summed_at"]) == (11, "2026-01-31T12:00:11.000000Z")


def test_it_says_times_that_no_calendar_has(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    public = private.public_key().public_bytes_raw()
    key = VerifierKey(ORIGIN, KeyKind.ML_DSA_44_COSIGNATURE, public)
    signed = parts_of(small_log(), signers=[Signer(key, private.sign, 2**60)])
    bundle.write_bytes(signed.bundle())
    assert run(["verify", str(bundle), "--trust-bundle-key"]) == 0
    assert answered(capsys).endswith(f", at {2**60} s after 1970\n")


def test_it_says_what_is_wrong_and_where(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(bundle.read_bytes())
    at = content.index(b"TaskStatusChanged")
    content[at] ^= 1
    bundle.write_bytes(content)
    assert run(["verify", str(bundle), "--key", KEY]) == 1
    said = answered(capsys)
    assert said.startswith("not verified: the entry is not what its link was made of; at byte ")
    assert said.endswith("event 5 of the workspace, position 10\n")
    assert run(["verify", str(bundle), "--key", KEY, "--json"]) == 1
    document = json.loads(answered(capsys))
    assert (document["verified"], document["count"], document["position"]) == (False, 5, 10)
    assert document["offset"] < at


def test_it_says_which_witnesses_cosigned(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (witness(seed, f"witness.example/{seed}") for seed in (5, 6))
    bundle.write_bytes(parts_of(small_log(), signers=(signer(), first)).bundle())
    verify = ["verify", str(bundle), "--key", KEY]
    assert run([*verify, "--witness", first.key.encode()]) == 0
    line = f"cosigned by witness.example/5+{first.key.key_id.hex()}, at 2027-01-15T08:00:00.0000"
    assert line in answered(capsys)

    both = tmp_path / "witnesses"
    both.write_text(f"{first.key.encode()}\n{second.key.encode()}\n")
    assert run([*verify, "--witness", str(both)]) == 1
    said = answered(capsys)
    assert said.startswith("not verified: cosigned by 1 of the witnesses, 2 are wanted; not by w")
    assert second.key.key_id.hex() in said
    assert run([*verify, "--witness", str(both), "--quorum", "1", "--json"]) == 0
    document = json.loads(answered(capsys))
    assert [each["by"][:17] for each in document["cosigned"]] == ["witness.example/5"]
    assert run([*verify, "--witness", str(both), "--json"]) == 1
    assert json.loads(answered(capsys))["verified"] is False

    for wrong in (["--quorum", "1"], ["--witness", KEY]):
        assert run([*verify, *wrong]) == 2
    content = bundle.read_bytes()
    line = content[content.index(b"witness.example/5") :].partition(b"\n")[0]
    bundle.write_bytes(content.replace(line, line.replace(b"A", b"B", 1)))
    capsys.readouterr()
    assert run([*verify, "--witness", str(both), "--quorum", "1"]) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"taskledger bundle 1\n"])
def test_whatever_is_no_bundle_is_found_wrong_even_without_a_key(
    bundle: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle.write_bytes(content)
    for more in ([], ["--key", KEY], ["--trust-bundle-key"]):
        assert run(["verify", str(bundle), *more]) == 1
        assert answered(capsys).startswith("not verified: ")
    assert run(["verify", "/dev/null"]) == 1


def test_its_signature_needs_a_key(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(bundle)]) == 2
    assert "no key to check its signature by" in capsys.readouterr().err
    assert run(["verify", str(bundle), "--trust-bundle-key"]) == 0
    assert "a key that only the bundle vouches for" in answered(capsys)
    assert run(["verify", str(bundle), "--key", OTHER_KEY]) == 1
    assert run(["verify", str(bundle), "--key", OTHER_KEY, "--key", KEY]) == 0


def test_keys_come_from_files(bundle: Path, tmp_path: Path) -> None:
    document = json.dumps({"keys": [{"vkey": KEY, "valid_from": "2026-01-01T00:00:00.000000Z"}]})
    published = tmp_path / "data" / "record" / "keys.json"
    published.parent.mkdir(parents=True)
    published.write_text(document)
    assert run(["verify", str(bundle)]) == 0
    lines = tmp_path / "keys.txt"
    lines.write_text(f"{OTHER_KEY}\n{KEY}\n")
    assert run(["verify", str(bundle), "--key", str(lines)]) == 0
    assert run(["verify", str(bundle), "--key", str(published)]) == 0
    published.write_text(document.replace(KEY, OTHER_KEY))
    assert run(["verify", str(bundle)]) == 1
    published.write_text("{")
    assert run(["verify", str(bundle)]) == 2


def test_bad_use(bundle: Path, tmp_path: Path) -> None:
    for arguments in (
        [],
        [str(tmp_path / "missing")],
        [str(tmp_path)],
        [str(bundle), "--key", "neither"],
        [str(bundle), "--key", str(bundle)],
        [str(bundle), "--key", KEY, "--trust-bundle-key"],
    ):
        assert run(["verify", *arguments]) == 2, arguments


def test_it_imports_nothing_of_the_product_but_the_record(bundle: Path) -> None:
    script = (
        "import sys; from api.cli.main import run;"
        f" assert run(['verify', {str(bundle)!r}, '--trust-bundle-key']) == 0;"
        " print(*sorted(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = {
        name
        for name in ran.stdout.split()
        if name.split(".")[0] in ("api", "infra", "commands", "projections", "domain")
    }
    record = {name for name in modules if name.startswith("domain.record")}
    cli = {f"api.cli.{name}" for name in ("main", "exits", "answers", "options", "verify")}
    assert record
    assert modules - record == {"domain", "api", "api.cli", *cli}


@pytest.mark.skipif(OPENSSL is None, reason="no openssl is installed here")
def test_it_says_when_it_was_signed_at_the_latest(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = made_authority(tmp_path / "authority")
    parts = parts_of(small_log(), signers=(signer(), witness(5, "witness.example/5")))
    bundle.write_bytes(parts.bundle())
    signed = stamped_bytes(parse_note(parts.note))
    assert b"witness.example" not in signed
    query = TimestampRequestBuilder().data(signed).hash_algorithm(HashAlgorithm.SHA256).build()
    stamp = Stamp(signed, authority.answer(query.as_bytes()))
    file = tmp_path / "period.tsp"
    file.write_bytes(stamp.encode())
    asked = ["verify", str(bundle), "--key", KEY, "--timestamp", str(file), "--tsa-cert"]

    assert run([*asked, str(authority.root)]) == 0
    assert answered(capsys).endswith("Z at the latest, in the tree of 12 events\n")
    assert run([*asked, str(authority.root), "--json"]) == 0
    assert json.loads(answered(capsys))["stamped"]["tree_size"] == 12

    assert run([*asked, str(authority.folder / "authority.pem")]) == 1
    assert answered(capsys).startswith("not verified: the time stamp: the authority's answer does")
    for content in (
        b"{}",
        stamp.encode().replace(b"stamp 1", b"stamp 2"),
        Stamp(signed, stamp.response, (bytes(32),)).encode(),
        Stamp(parts.note, stamp.response).encode().replace(b"12\\n", b"13\\n"),
    ):
        file.write_bytes(content)
        assert run([*asked, str(authority.root)]) == 1
        assert answered(capsys).startswith("not verified: the time stamp: ")
    assert run([*asked, str(bundle)]) == 2
    assert run(asked[:-1]) == 2
    assert run([*asked[:2], "--trust-bundle-key", *asked[4:], str(authority.root)]) == 2
