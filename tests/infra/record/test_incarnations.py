"""What a sealer does when the log is another one."""

from infra.event_store.incarnation import declare_incarnation
from infra.postgres.pool import open_pool
from infra.record.declaring import declare
from infra.record.folder import SealersFolder
from tests.infra.record.conftest import Bench
from tests.real import Database


async def _declared(bench: Bench, database: Database) -> str:
    owner = await open_pool(database.owner_url, max_size=2)
    try:
        async with bench.appending() as store:
            folder = SealersFolder(bench.path)
            declared = await declare(
                owner, store, bench.files, folder, by="root", reason="the disk was lost"
            )
    finally:
        await owner.close()
    return str(declared)


async def test_a_log_that_was_put_back_is_signed_again_once_that_is_declared(
    bench: Bench, database: Database
) -> None:
    bench.append(300)
    await bench.sealed()
    old, note = bench.log.log_id(), bench.published("checkpoint").read_text()
    bench.cut(280)
    sealer = bench.start()
    assert "the log ends at 280, and it was signed up to 300" in await bench.refused(sealer)
    new = await _declared(bench, database)
    assert new == bench.log.log_id() != old
    await bench.signed(sealer, 281)
    assert bench.published("checkpoint").read_text().startswith(f"example.org/log/{new}\n281\n")
    async with bench.appending() as store:
        [declared] = await store.decode(await store.read_rows(281, 281))
    event = declared.event
    assert (event.was, event.log_id, event.by) == (old, new, "root")
    assert (event.signed_size, event.signed_note) == (300, note)
    assert declared.origin.reason == "the disk was lost"
    bench.append(5)
    await bench.signed(sealer, 286)


async def test_a_log_that_says_nothing_of_the_one_before_is_not_signed(
    bench: Bench, database: Database
) -> None:
    bench.append(10)
    await bench.sealed()
    owner = await open_pool(database.owner_url, max_size=2)
    try:
        async with owner.connection() as connection:
            await declare_incarnation(connection, "behind everybody's back")
    finally:
        await owner.close()
    bench.append(5)
    assert "taskledger incarnation declare" in await bench.refused(bench.start())


async def test_a_log_with_a_name_of_its_own_making_is_not_signed(bench: Bench) -> None:
    bench.append(10)
    await bench.sealed()
    bench.log.do("UPDATE log.head SET log_id = gen_random_uuid()")
    assert "never declared" in await bench.refused(bench.start())
