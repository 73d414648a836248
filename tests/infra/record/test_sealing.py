"""What a sealer makes of a log, checked by nothing but the page that says what it has to be."""

import hashlib
import json
from pathlib import Path
from typing import Any

from domain.record.checkpoint import parse_checkpoint
from domain.record.note import parse_note
from domain.record.note_keys import open_note, parse_vkey
from infra.record.sealers_term import TAIL
from tests.infra.record.conftest import Bench


def _h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _lp(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


def _entries(log: Any) -> list[tuple[str, int, int, bytes]]:
    """(workspace, ordinal, position, link) of every event, by the definition."""
    rows = log.ask(
        "SELECT position, workspace_id, stream, version, type, payload, metadata,"
        " (extract(epoch FROM recorded_at) * 1000000)::bigint, coalesce(number, 0)"
        " FROM log.events ORDER BY position"
    )
    heads: dict[str, tuple[int, bytes]] = {}
    made = []
    for position, workspace, stream, version, kind, payload, metadata, at, number in rows:
        body = _h(
            b"taskledger event v1\n",
            _lp(workspace.encode()),
            _lp(stream.encode()),
            version.to_bytes(8),
            _lp(kind.encode()),
            at.to_bytes(8),
            number.to_bytes(8),
            _lp(metadata),
            _h(payload),
        )
        count, before = heads.get(workspace, (0, bytes(32)))
        link = _h(b"taskledger chain v1\n", (count + 1).to_bytes(8), before, body)
        heads[workspace] = count + 1, link
        made.append((workspace, count + 1, position, link))
    return made


def _root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) == 1:
        return _h(b"\0", leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return _h(b"\1", _root(leaves[:split]), _root(leaves[split:]))


def _leaves(entries: list[tuple[str, int, int, bytes]]) -> list[bytes]:
    return [position.to_bytes(8) + link for _, _, position, link in entries]


async def test_what_is_committed_is_linked_published_and_signed(bench: Bench) -> None:
    head = bench.append(70_000 // 100)
    await bench.sealed()
    entries = _entries(bench.log)
    stored = bench.log.ask(
        "SELECT workspace_id, count, position, link FROM record.entries ORDER BY position"
    )
    assert stored == entries
    note = parse_note(bench.published("checkpoint").read_bytes())
    checkpoint = parse_checkpoint(note.text)
    leaves = _leaves(entries)
    assert checkpoint.origin == f"example.org/log/{bench.log.log_id()}"
    assert (checkpoint.size, checkpoint.root) == (head, _root(leaves))
    document = json.loads((bench.path / "keys.json").read_bytes())
    assert document == json.loads((bench.path / "tlog/keys.json").read_bytes())
    [key] = document["keys"]
    open_note(note, [parse_vkey(key["vkey"])])
    hashes = b"".join(_h(b"\0", leaf) for leaf in leaves)
    assert bench.published("tile/0/001").read_bytes() == hashes[8192:16384]
    assert bench.published("tile/0/002.p/188").read_bytes() == hashes[16384:]
    assert bench.published("tile/1/000.p/2").read_bytes() == _root(leaves[:256]) + _root(
        leaves[256:512]
    )
    entries_tile = b"".join((40).to_bytes(2) + leaf for leaf in leaves)
    assert bench.published("tile/entries/000").read_bytes() == entries_tile[: 256 * 42]
    assert bench.published("tile/entries/002.p/188").read_bytes() == entries_tile[512 * 42 :]
    assert bench.log.ask("SELECT size, root FROM record.checkpoints ORDER BY size DESC")[0] == (
        head,
        checkpoint.root,
    )


async def test_a_sealer_goes_on_where_the_last_one_stopped(bench: Bench) -> None:
    sealer = bench.start()
    for size in (1, 200, 256, 257, 1400):
        bench.append(size - bench.log.head())
        await bench.signed(sealer, size)
        await bench.stop()
        sealer = bench.start()
    bench.append(3)
    await bench.signed(sealer, 1403)
    checkpoint = parse_checkpoint(parse_note(bench.published("checkpoint").read_bytes()).text)
    assert checkpoint.root == _root(_leaves(_entries(bench.log)))
    partial = {
        str(path.parent.name) for path in _files(bench.published("tile/0")) if path.is_file()
    }
    assert "000.p" not in partial, "what is full needs no part of it"


async def test_of_what_was_signed_at_once_no_more_than_the_end_is_read_again(
    bench: Bench,
) -> None:
    bench.append(1_400)
    await bench.sealed()
    assert not bench.published("tile/1/000.p/1").exists()
    sealer = bench.start()
    bench.append(3)
    await bench.signed(sealer, 1_403)
    assert sealer.said.events == TAIL + 3


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))
