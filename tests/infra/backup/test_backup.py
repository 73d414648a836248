"""A backup brings everything back as it was, or it is refused and nothing has changed."""

import asyncio
import base64
import io
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from commands.project.create_project import CreateProject
from commands.task.create_task import CreateTask
from domain.task.state import TASK
from domain.user.state import USER
from domain.values.recorded import Origin
from domain.values.text import ERASED
from infra.backup import writing
from infra.backup.frames import BackupFile, NotABackup
from infra.backup.restoring import CannotRestore, restore, secret_of
from infra.backup.tables import kept_tables
from infra.backup.writing import write_backup
from infra.bootstrap import House, open_house
from infra.event_store import derived
from infra.keys.destruction import DestroyedKeys, destroy_keys
from infra.keys.master import KeyUnusable, MasterKeys, new_key
from infra.people.accounts import Registration
from infra.postgres.pool import connected
from infra.record.growth import Growth
from infra.record.links import Chains, leaves_of, read_events
from infra.settings import Settings
from tests.real import Database, Parts, fresh_database

MASTER = new_key()
LEFT_BEHIND = {"views", "ops"}
KNOWN = {"log", "keys", "people", "jobs", "record"}


@dataclass(frozen=True)
class Written:
    """A system in which something was done, and its backup."""

    database: Database
    path: Path
    user_id: str
    task_id: str


@asynccontextmanager
async def opened(database: Database, parts: Parts) -> AsyncIterator[House]:
    settings = Settings(
        database_url=SecretStr(database.owner_url),
        api_database_url=SecretStr(database.api_url),
        nats_url=SecretStr(parts.nats_url),
        redis_url=SecretStr(parts.redis_url),
        master_key=SecretStr(base64.b64encode(MASTER).decode()),
        rate_limit_per_minute=0,
    )
    async with open_house(settings) as house:
        yield house


async def backed_up(database: Database, path: Path) -> None:
    async with connected(database.owner_url) as owner:
        file = io.BytesIO()
        await write_backup(owner, MasterKeys(MASTER), "0", file)
    path.write_bytes(file.getvalue())  # noqa: ASYNC240 - a test's own small file


@pytest.fixture
async def written(
    parts: Parts, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Written:
    """Read in small parts."""
    monkeypatch.setattr(writing, "_EVENTS_AT_ONCE", 4)
    monkeypatch.setattr(writing, "_COMMITS_AT_ONCE", 3)
    async with opened(database, parts) as house:
        wanted = Registration(
            username="ines", email="ines@example.org", password="a long pass phrase"
        )
        made = await house.accounts.register(wanted, lambda id_: Origin(actor=id_))
        user = made.state(USER)
        origin = Origin(actor=user.user_id, reason="because")
        project = await house.executor.execute(
            [CreateProject(name="Web", workspace_id=user.default_workspace_id)], origin
        )
        tasks = [
            await house.executor.execute(
                [CreateTask(title=f"Task {number}", project_id=project.main_stream)], origin
            )
            for number in range(10)
        ]
        path = tmp_path / "backup"
        await backed_up(database, path)
    return Written(database, path, user.user_id, tasks[-1].main_stream)


def checked(path: Path) -> BackupFile:
    return BackupFile.checked(path, secret_of(MasterKeys(MASTER)))


async def restored(into: Database, path: Path, folder: Path) -> Any:
    async with connected(into.owner_url) as owner:
        return await restore(owner, checked(path), DestroyedKeys(folder / "destroyed-keys"))


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of everything that is kept, as text, and of what follows from it."""
    with psycopg.connect(database.superuser_url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s)",
            (sorted(KNOWN),),
        ).fetchall()
        return {
            f"{schema}.{name}": sorted(
                connection.execute(
                    sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(schema, name))
                ).fetchall()
            )
            for schema, name in tables
        }


async def root_of(database: Database) -> bytes:
    """Of the tree over the whole log."""
    async with connected(database.owner_url) as owner:
        rows = await read_events(owner, 1, 2**31)
    chains, growth = Chains(), Growth()
    chains.learn({row.workspace_id for row in rows}, {})
    list(growth.append(leaves_of(chains.extend(rows))))
    assert growth.size == len(rows) > 0
    return growth.root()


async def test_everything_is_back_as_it_was(
    written: Written, parts: Parts, migrated: str, tmp_path: Path
) -> None:
    with fresh_database(parts, migrated) as empty:
        assert contents(empty) != contents(written.database)
        done = await restored(empty, written.path, tmp_path)
        assert contents(empty) == contents(written.database)
        assert await root_of(empty) == await root_of(written.database)
        async with connected(empty.owner_url) as owner:
            assert (await derived.check(owner)).good
        assert (done.events, done.destroyed_again) == (checked(written.path).manifest.position, 0)
        async with opened(empty, parts) as house:
            task = await house.executor.states.read(TASK, written.task_id)
            assert task is not None
            assert task.title == "Task 9"
            again = await house.executor.execute(
                [CreateTask(title="And on", project_id=task.project_id)],
                Origin(actor=written.user_id),
            )
            assert again.state(TASK).number == 11


async def test_a_backup_while_work_goes_on_is_of_one_moment(
    written: Written, parts: Parts, migrated: str, tmp_path: Path
) -> None:
    """Its head is the last of its events, and what is derived of them is whole."""
    path = tmp_path / "meanwhile"
    async with opened(written.database, parts) as house:
        task = await house.executor.states.read(TASK, written.task_id)
        assert task is not None
        origin = Origin(actor=written.user_id)

        begun = asyncio.Event()

        async def busy() -> None:
            for number in range(60):
                if number == 15:
                    begun.set()
                command = CreateTask(title=f"More {number}", project_id=task.project_id)
                await house.executor.execute([command], origin)

        working = asyncio.create_task(busy())
        await begun.wait()
        await backed_up(written.database, path)
        position = checked(path).manifest.position
        await working
        assert 30 <= position < await house.store.head()
    with fresh_database(parts, migrated) as empty:
        assert (await restored(empty, path, tmp_path)).events == position
        async with connected(empty.owner_url) as owner:
            findings = await derived.check(owner)
        assert (findings.good, findings.position) == (True, position)


async def test_keys_that_were_destroyed_since_are_destroyed_again(
    written: Written, parts: Parts, migrated: str, tmp_path: Path
) -> None:
    async with connected(written.database.owner_url) as owner:
        gone = await destroy_keys(
            owner, written.user_id, DestroyedKeys(tmp_path / "destroyed-keys")
        )
    assert gone
    with fresh_database(parts, migrated) as empty:
        done = await restored(empty, written.path, tmp_path)
        assert done.destroyed_again == len(gone)
        async with opened(empty, parts) as house:
            task = await house.executor.states.read(TASK, written.task_id)
            assert task is not None
            assert task.title is ERASED
        with psycopg.connect(empty.superuser_url) as connection:
            row = connection.execute("SELECT state, password_hash FROM people.credentials")
            assert row.fetchall() == [("suspended", None)]


async def test_what_only_the_backup_knows_to_be_destroyed_is_written_down(
    written: Written, parts: Parts, migrated: str, tmp_path: Path
) -> None:
    async with connected(written.database.owner_url) as owner:
        gone = await destroy_keys(owner, written.user_id, DestroyedKeys(tmp_path / "there"))
    await backed_up(written.database, written.path)
    with fresh_database(parts, migrated) as empty:
        await restored(empty, written.path, tmp_path)
    listed = DestroyedKeys(tmp_path / "destroyed-keys").ids()
    assert {key.bytes for key in listed} == set(gone)


async def test_every_schema_is_known_to_be_kept_or_left_behind(database: Database) -> None:
    async with connected(database.owner_url) as owner:
        kept = {table.schema for table in await kept_tables(owner)}
        cursor = await owner.execute(
            "SELECT DISTINCT schemaname FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        everything = {name for (name,) in await cursor.fetchall()}
        sequences = await (await owner.execute("SELECT count(*) FROM pg_sequences")).fetchone()
    assert kept <= KNOWN
    assert everything <= KNOWN | LEFT_BEHIND
    assert sequences == (0,), "a backup does not hold where a sequence stands"


def nothing_done(database: Database) -> bool:
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM log.events), (SELECT count(*) FROM people.credentials),"
            " (SELECT position FROM log.head)"
        ).fetchone()
    return row == (0, 0, 0)


async def test_no_byte_of_it_can_be_changed(written: Written, tmp_path: Path) -> None:
    """Nor any be taken away or added; and whoever makes it anew without the master key."""
    whole = written.path.read_bytes()
    path = tmp_path / "changed"
    chosen = random.Random(7)
    places = {0, 25, 70, len(whole) - 1, len(whole) - 40, len(whole) - 70}
    places.update(chosen.randrange(len(whole)) for _ in range(60))
    tampered = [
        whole[:at] + bytes([whole[at] ^ (1 << chosen.randrange(8))]) + whole[at + 1 :]
        for at in places
    ]
    tampered += [whole[:at] for at in (0, 10, 64, len(whole) // 2, len(whole) - 1)]
    tampered += [whole + b"\0", whole[:-64], whole + whole]
    for content in tampered:
        path.write_bytes(content)
        with pytest.raises(NotABackup):
            checked(path)
    with pytest.raises(KeyUnusable):
        BackupFile.checked(written.path, secret_of(MasterKeys(os.urandom(32))))


async def test_a_backup_whose_log_is_not_whole_leaves_the_system_empty(
    written: Written, parts: Parts, migrated: str, tmp_path: Path
) -> None:
    """One that somebody made with the master key, of a log that had lost an event."""
    with psycopg.connect(written.database.superuser_url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("UPDATE log.events SET version = version + 1 WHERE position = 9")
    await backed_up(written.database, written.path)
    with fresh_database(parts, migrated) as empty:
        with pytest.raises(NotABackup, match="damaged"):
            await restored(empty, written.path, tmp_path)
        assert nothing_done(empty)


async def test_only_into_an_empty_system_of_the_same_shape(
    written: Written, parts: Parts, migrated: str, tmp_path: Path
) -> None:
    before = contents(written.database)
    with pytest.raises(CannotRestore, match="not empty"):
        await restored(written.database, written.path, tmp_path)
    assert contents(written.database) == before
    with fresh_database(parts, migrated) as empty:
        with psycopg.connect(empty.superuser_url) as connection:
            connection.execute("INSERT INTO ops.migrations VALUES ('9999_later', 'x')")
        with pytest.raises(CannotRestore, match="older version"):
            await restored(empty, written.path, tmp_path)
        assert nothing_done(empty)
