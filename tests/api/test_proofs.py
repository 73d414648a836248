"""The signed log by its doors, beside a sealer that works."""

import asyncio
import contextlib
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from api.cli.exits import BAD_USE
from api.cli.main import run
from domain.record.checkpoint import parse_checkpoint
from domain.record.note import parse_note
from domain.record.note_keys import open_note
from domain.record.timestamp import Stamp, parse_stamp
from domain.record.tree import leaf_hash, verify_consistency, verify_inclusion
from domain.record.trust import parse_keys
from infra import logs
from infra.processes.executing import open_store
from infra.processes.workplace import open_workplace
from infra.record.files import PublishedFiles
from infra.record.sealer import Sealer
from infra.record.sealers_place import SealersPlace
from infra.record.sealers_term import Pace
from infra.record.signing import make_signing_key
from infra.settings import Settings
from infra.tasks import cancelled
from tests.api.client import Api
from tests.api.product import served, settings_of
from tests.infra.processes.conftest import until
from tests.real import Database, Parts


@pytest.fixture
def settings(parts: Parts, database: Database, tmp_path: Path) -> Settings:
    return settings_of(parts, database, data_dir=tmp_path, smtp_url=SecretStr("smtp://x:1"))


@pytest.fixture
async def ada(settings: Settings) -> AsyncIterator[Api]:
    """Of a product with a sealer."""
    make_signing_key(settings.signing_key_file())
    async with contextlib.AsyncExitStack() as stack:
        product = stack.enter_context(served(settings))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=product.base_url, timeout=20)
        )
        workplace = await stack.enter_async_context(open_workplace(settings, "test sealer"))
        sealer = Sealer(
            workplace.store,
            workplace.sessions,
            workplace.nats,
            SealersPlace.of(settings),
            lambda: open_store(workplace, settings),
            Pace(spacing_s=0.01),
        )
        working = asyncio.create_task(sealer.run())
        try:
            ada = await Api(client, product.house.access_tokens.issue).register()
            await until(lambda: sealer.said.size >= ada.position, what="a checkpoint")
            yield ada
        finally:
            await cancelled(working)


def _hashes(proof: list[str]) -> list[bytes]:
    return [b64decode(each) for each in proof]


async def test_anybody_checks_what_they_did_without_trusting_anybody(ada: Api) -> None:
    before = await ada.get("/audit/checkpoint")
    task = await ada.task()
    after = before

    async def is_signed() -> bool:
        nonlocal after
        after = await ada.get("/audit/checkpoint")
        return bool(after["tree_size"] >= task["position"])

    await until(is_signed, what="a checkpoint of the task")
    log_id = after["log_id"]
    keys = [
        each.key
        for each in parse_keys((await ada.send("GET", "!/.well-known/taskledger-keys")).content)
    ]
    for answer in (before, after):
        note = parse_note(answer["note"].encode())
        assert open_note(note, keys)
        assert parse_checkpoint(note.text).size == answer["tree_size"]
    root = b64decode(after["root_hash"])
    size = after["tree_size"]
    included = await ada.get(f"/audit/proof/inclusion?position={task['position']}&size={size}")
    leaf = b64decode(included["leaf"])
    assert int.from_bytes(leaf[:8]) == task["position"]
    index = included["leaf_index"]
    assert verify_inclusion(index, size, leaf_hash(leaf), _hashes(included["proof"]), root)
    old = before["tree_size"]
    grown = await ada.get(f"/audit/proof/consistency?from={old}&to={size}")
    old_root = b64decode(before["root_hash"])
    assert verify_consistency(old, size, old_root, root, _hashes(grown["proof"]))
    tile = await ada.send("GET", f"!/tlog/{log_id}/tile/entries/000.p/{size}")
    assert tile.content[42 * index + 2 :][:40] == leaf
    published = await ada.send("GET", f"!/tlog/{log_id}/checkpoint")
    assert published.headers["content-type"] == "text/plain; charset=utf-8"
    assert parse_note(published.content)


async def test_what_is_not_signed_has_no_proof(ada: Api, settings: Settings) -> None:
    for path in (
        "/audit/proof/inclusion?position=9999999",
        "/audit/proof/inclusion?position=1&size=9999999",
        "/audit/proof/consistency?from=9999999",
        "/audit/proof/consistency?from=2&to=1",
        "/audit/proof/inclusion?position=0",
    ):
        answer = await ada.send("GET", path)
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["pointer"].startswith("/query/")
    for path in ("0", "01", "-1", "last", "1%2f..%2f..%2fcheckpoint"):
        log_id = (await ada.get("/audit/checkpoint"))["log_id"]
        assert (await ada.send("GET", f"!/tlog/{log_id}/timestamp/{path}")).status_code == 404
    for path in ("!/tlog/x/checkpoint", "!/tlog/..%2f..%2f/checkpoint", "!/tlog/x/tile/0/000"):
        await ada.refused(404, "not-found", "GET", path)
    # Of a store that does not answer nobody knows that there is no such log.
    away = "a" * 36
    (settings.record_dir() / "tlog" / away).write_bytes(b"no folder")
    await ada.refused(503, "dependency-down", "GET", f"!/tlog/{away}/checkpoint")


async def test_the_command_line_gives_the_same_proofs(
    ada: Api,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logs, "configure", lambda *_: None)  # this process has its own

    async def proof(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(run, ["proof", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    written = tmp_path / "proof.json"
    code, _, said = await proof("inclusion", "2", "--size", "3", "--out", str(written))
    assert (code, said) == (0, f"the proof is in {written}\n")
    _, grown, _ = await proof("consistency", "1", "3", "--json")
    [line] = [line for line in grown.splitlines() if line.startswith("{")]
    for answer, path in (
        (json.loads(written.read_bytes()), "inclusion?position=2&size=3"),
        (json.loads(line), "consistency?from=1&to=3"),
    ):
        door = await ada.get(f"/audit/proof/{path}")
        assert answer["proof"]
        assert answer | {"checkpoint": None} == door | {"checkpoint": None}
    code, _, why = await proof("inclusion", "9999999")
    assert code == BAD_USE
    assert "9999999 is beyond what is signed" in why

    code, _, why = await proof("timestamp", "2", "--out", str(written))
    assert (code, "has a time stamp yet" in why) == (BAD_USE, True)
    signed = await ada.get("/audit/checkpoint")
    stamp = Stamp(signed["note"].encode(), b"an answer")
    stamps = PublishedFiles.of(settings)
    for size in (1, signed["tree_size"]):
        await stamps.write(f"{signed['log_id']}/timestamp/{size}", stamp.encode())
    path = f"!/tlog/{signed['log_id']}/timestamp/{signed['tree_size']}"
    assert (await ada.send("GET", path)).content == stamp.encode()
    code, told, _ = await proof("timestamp", "2", "--out", str(written), "--json")
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert {"file": str(written), "from_size": 2} in lines
    given = parse_stamp(written.read_bytes())
    assert (code, given.note, given.response) == (0, stamp.note, stamp.response)
    old = await ada.get(f"/audit/proof/consistency?from=2&to={signed['tree_size']}")
    assert list(given.proof) == _hashes(old["proof"])
