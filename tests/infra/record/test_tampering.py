"""What somebody with all rights on the database, or on the files, changes behind the sealer."""

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.infra.processes.sample import Added
from tests.infra.record.conftest import Bench

SIZE = 520
SEED = 6
FAR = 1_000_000

Tamper = Callable[[Bench, int], None]


def _events(change: str) -> Tamper:
    """A change of the event at the place."""
    return lambda bench, at: bench.tamper(f"UPDATE log.events SET {change} WHERE position = {at}")


def _renumber(bench: Bench, at: int) -> None:
    """An event more before the place, and all from there on one further."""
    bench.tamper(
        f"UPDATE log.events SET position = position + {FAR} WHERE position >= {at}",
        f"UPDATE log.events SET position = position - {FAR} + 1 WHERE position > {FAR}",
        "INSERT INTO log.events (position, recorded_at, version, workspace_id, stream, type,"
        f" payload, metadata) SELECT {at}, recorded_at, 1, workspace_id, 'planted', type, payload,"
        f" metadata FROM log.events WHERE position = {at + 1}",
        "UPDATE log.head SET position = position + 1",
    )


def _swap(bench: Bench, at: int) -> None:
    bench.tamper(
        f"UPDATE log.events SET position = {FAR} WHERE position = {at}",
        f"UPDATE log.events SET position = {at} WHERE position = {at + 9}",
        f"UPDATE log.events SET position = {at + 9} WHERE position = {FAR}",
    )


def _link(bench: Bench, at: int) -> None:
    bench.tamper(f"UPDATE record.entries SET link = sha256(link) WHERE position = {at}")


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def _hash_tile(bench: Bench, at: int) -> None:
    index, within = divmod(at - 1, 256)
    _flip(bench.published(f"tile/0/{index:03}"), 32 * within + 5)


def _entry_tile(bench: Bench, at: int) -> None:
    index, within = divmod(at - 1, 256)
    _flip(bench.published(f"tile/entries/{index:03}"), 42 * within + 20)


def _event_and_entries(bench: Bench, at: int) -> None:
    """An event with a chain that fits it: what the tree holds is another thing."""
    bench.tamper(
        f"UPDATE log.events SET payload = payload || '\\x00' WHERE position = {at}",
        f"DELETE FROM record.entries WHERE position >= {at}",
    )


TAMPERS: dict[str, Tamper] = {
    "payload": _events("payload = payload || '\\x00'"),
    "metadata": _events("metadata = '\\x80'"),
    "time": _events("recorded_at = recorded_at + interval '1 microsecond'"),
    "tenant": _events("workspace_id = 'ws_other'"),
    "stream": _events("stream = 'another'"),
    "version": _events("version = version + 1000"),
    "type": _events("type = 'Removed'"),
    "number": _events("number = 7"),
    "deleted": lambda bench, at: bench.tamper(f"DELETE FROM log.events WHERE position = {at}"),
    "inserted": _renumber,
    "swapped": _swap,
    "link": _link,
    "entry deleted": lambda bench, at: bench.tamper(
        f"DELETE FROM record.entries WHERE position = {at}"
    ),
    "tile of hashes": _hash_tile,
    "tile of entries": _entry_tile,
}


@pytest.mark.parametrize("name", TAMPERS)
async def test_what_is_changed_is_found_where_it_is(bench: Bench, name: str) -> None:
    """Found by the sealer that runs, and again by one that is started; and not forgotten."""
    at = random.Random(f"{SEED} {name}").randrange(1, 500)
    bench.append(SIZE)
    sealer = bench.start()
    await bench.signed(sealer, SIZE)
    TAMPERS[name](bench, at)
    assert f"position {at}:" in await bench.refused(sealer)
    signed = bench.published("checkpoint").read_bytes()
    bench.log.do("UPDATE log.head SET position = (SELECT max(position) FROM log.events)")
    bench.append(1)
    await bench.stop()
    assert f"position {at}:" in await bench.refused(bench.start())
    assert bench.published("checkpoint").read_bytes() == signed


async def test_a_tail_that_is_cut_off_is_missed(bench: Bench) -> None:
    bench.append(SIZE)
    sealer = bench.start()
    await bench.signed(sealer, SIZE)
    with capture_logs() as logged:
        bench.cut(500)
        why = await bench.refused(sealer)
    assert "the log ends at 500, and it was signed up to 520" in why or "position 501:" in why
    (said,) = (each for each in logged if each["event"] == "sealer_refuses")
    assert (said["log_level"], why) == ("error", f"refuses: {said['reason']}")


async def test_another_past_than_the_one_that_was_signed_is_found(bench: Bench) -> None:
    """An older state that went on in another way, with more events than were signed."""
    bench.append(SIZE)
    await bench.sealed()
    bench.cut(300)
    bench.append(400)
    assert "position 301:" in await bench.refused(bench.start())


async def test_a_chain_that_fits_the_changed_event_does_not_fit_the_tree(bench: Bench) -> None:
    bench.append(SIZE)
    await bench.sealed()
    _event_and_entries(bench, 257)
    assert "position 257:" in await bench.refused(bench.start())


async def test_an_event_behind_the_end_of_the_log_is_found(bench: Bench) -> None:
    bench.append(20)
    sealer = bench.start()
    await bench.signed(sealer, 20)
    bench.append(1)
    bench.log.do("UPDATE log.head SET position = 20")
    assert "position 21: an event stands behind" in await bench.refused(sealer)


@pytest.mark.parametrize(
    "rewrite",
    [
        "UPDATE record.checkpoints SET root = sha256(root) WHERE size = 20",
        "UPDATE record.checkpoints SET size = 19 WHERE size = 20",
        "DELETE FROM record.checkpoints",
        "UPDATE record.checkpoints SET size = 21 WHERE size = 20",
    ],
)
async def test_a_checkpoint_that_is_rewritten_in_the_database_is_found(
    bench: Bench, rewrite: str
) -> None:
    bench.append(20)
    sealer = bench.start()
    await bench.signed(sealer, 20)
    bench.log.do(rewrite)
    bench.append(1)
    assert re.search(r"the checkpoint of \d+ in the database", await bench.refused(sealer))


async def test_a_checkpoint_that_is_published_by_somebody_else_is_found(bench: Bench) -> None:
    bench.append(20)
    sealer = bench.start()
    await bench.signed(sealer, 20)
    older = bench.published("checkpoint").read_bytes()
    bench.append(1)
    await bench.signed(sealer, 21)
    bench.published("checkpoint").write_bytes(older)
    bench.append(1)
    assert "the published checkpoint" in await bench.refused(sealer)


async def test_a_sealer_on_another_machine_goes_on_from_what_is_published(bench: Bench) -> None:
    """One whose own folder is older, or empty, is not behind for that."""
    bench.append(20)
    await bench.sealed()
    older = bench.path.with_name("older")
    shutil.copytree(bench.path, older)
    bench.append(20)
    await bench.sealed()
    bench.append(1)
    sealer = bench.start(path=older)
    await bench.signed(sealer, 41)
    await bench.stop()
    bench.append(1)
    await bench.signed(bench.start(path=bench.path.with_name("new")), 42)


async def test_two_trees_of_one_size_are_a_fork(bench: Bench) -> None:
    """Both signed by the key of the log: whoever holds it has signed twice."""
    bench.append(20)
    await bench.sealed()
    fork = bench.path.with_name("fork")
    shutil.copytree(bench.path, fork)
    bench.tamper(
        "DELETE FROM record.checkpoints",
        "DELETE FROM record.entries",
        "UPDATE log.events SET payload = payload || '\\x00' WHERE position = 3",
    )
    shutil.rmtree(bench.path / "tlog")
    (bench.path / "checkpoint").unlink()
    await bench.sealed()
    assert "the log was forked" in await bench.refused(bench.start(path=fork))


@pytest.mark.parametrize("more", [10, 1_200])
async def test_a_copy_that_went_on_by_itself_is_a_fork(bench: Bench, more: int) -> None:
    """Both copies were signed further, the second one longer: whoever followed the first one does
    not go over to it, however long ago they parted, and not when started again."""
    bench.append(300)
    await bench.sealed()
    base, one = bench.path.with_name("base"), bench.path.with_name("one")
    shutil.copytree(bench.path, base)
    bench.append(5)
    await bench.sealed()
    bench.path.rename(one)
    base.rename(bench.path)
    bench.cut(300)
    bench.log.append(*(("ws_a", "s1", Added(-n)) for n in range(5 + more)))
    await bench.sealed()
    for _ in range(2):
        why = await bench.refused(bench.start(path=one))
        assert "the log up to position 305 is not the one that was signed" in why
        await bench.stop()


async def test_what_was_put_right_is_signed_again(bench: Bench) -> None:
    """After every event was compared, as nothing less tells that all is well."""
    bench.append(SIZE)
    sealer = bench.start()
    await bench.signed(sealer, SIZE)
    bench.tamper("UPDATE log.events SET payload = payload || '\\x00' WHERE position = 7")
    await bench.refused(sealer)
    await bench.stop()
    bench.tamper(
        "UPDATE log.events SET payload = substr(payload, 1, length(payload) - 1) WHERE position = 7"
    )
    bench.append(1)
    await bench.signed(bench.start(), SIZE + 1)


async def test_files_that_are_lost_are_made_again(bench: Bench) -> None:
    bench.append(SIZE)
    await bench.sealed()
    before = bench.published("tile/0/001").read_bytes()
    shutil.rmtree(bench.published("tile"))
    bench.append(1)
    await bench.sealed()
    assert bench.published("tile/0/001").read_bytes() == before
