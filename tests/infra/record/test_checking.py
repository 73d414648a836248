"""A live log against what was signed of it: the first thing that is wrong, and nothing changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from infra.event_store.store import PostgresEventStore
from infra.processes.sessions import Sessions
from infra.record.checking import Checked, check_record
from infra.record.refusal import Tampered, WillNotSign
from infra.settings import Settings
from tests.infra.record.conftest import Bench

_HEAD = 300


async def _check(bench: Bench) -> Checked:
    # The bench has its files where the settings have them below the data folder.
    settings = Settings(
        data_dir=bench.path,
        database_url=SecretStr(bench.url),
        record_origin="example.org/log",
    )
    folder = settings.record_dir()
    if not folder.exists():
        folder.symlink_to(bench.path)
    store = PostgresEventStore(bench.pool, bench.master, bench.url)
    async with Sessions(bench.url).open("test") as session:
        return await check_record(
            session, store, settings, bench.log.log_id(), lambda total: lambda done: None
        )


async def test_what_was_signed_and_is_as_it_was_is_verified(bench: Bench) -> None:
    bench.append(_HEAD)
    await bench.sealed()
    bench.append(5)  # not signed yet
    checked = await _check(bench)
    assert checked.signed is not None
    assert (checked.signed.size, checked.missing) == (_HEAD, ())
    gone = bench.published("tile/0/000")
    gone.unlink()
    assert (await _check(bench)).missing == (f"{bench.log.log_id()}/tile/0/000",)
    assert not gone.exists()


def _log(statement: str) -> Callable[[Bench], None]:
    def tamper(bench: Bench) -> None:
        bench.log.do("SET session_replication_role = replica")
        bench.log.do(statement)

    return tamper


def _tile(bench: Bench) -> None:
    _flip(bench.published("tile/0/000"), 32 * 76)


def _checkpoint(bench: Bench) -> None:
    _flip(bench.path / "checkpoint", -20)


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("tamper", "position"),
    [
        (_log("UPDATE log.events SET payload = payload || '\\x00' WHERE position = 77"), 77),
        (_log("UPDATE log.events SET recorded_at = recorded_at - interval '1 us'"
              " WHERE position = 77"), 77),
        (_log("UPDATE log.events SET workspace_id = 'ws_b' WHERE position = 76"), 76),
        (_log("DELETE FROM log.events WHERE position = 77"), 77),
        (_log(f"DELETE FROM log.events WHERE position = {_HEAD}"), _HEAD),
        (_log("DELETE FROM record.entries WHERE position = 77"), 77),
        (_log("UPDATE record.entries SET link = sha256(link) WHERE position = 77"), 77),
        (_tile, 77),
        (_checkpoint, None),
    ],
)  # fmt: skip
async def test_the_first_thing_that_is_wrong_is_named(
    bench: Bench, tamper: Callable[[Bench], None], position: int | None
) -> None:
    bench.append(_HEAD)
    await bench.sealed()
    tamper(bench)
    with pytest.raises(WillNotSign) as wrong:
        await _check(bench)
    if position is not None:
        assert isinstance(wrong.value, Tampered)
        assert wrong.value.position == position
