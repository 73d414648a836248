"""Migrations run once each, in order, and what was applied is never altered."""

import threading
from pathlib import Path

import psycopg
import pytest

from infra.postgres.migrate import MigrationError, migrate, migrations, pending
from tests.real import Database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations beside those that the database has already."""
    for migration in migrations():
        (tmp_path / f"{migration.name}.sql").write_text(migration.sql)
    (tmp_path / "0900_first.sql").write_text("CREATE TABLE public.first (a int); SELECT '%';")
    (tmp_path / "0901_second.sql").write_text("ALTER TABLE public.first ADD b int;")
    return tmp_path


def test_what_is_missing_is_applied_once_and_in_order(database: Database, folder: Path) -> None:
    assert pending(database.owner_url, folder) == ["0900_first", "0901_second"]
    assert migrate(database.owner_url, folder) == ["0900_first", "0901_second"]
    assert migrate(database.owner_url, folder) == []
    assert pending(database.api_url, folder) == [], "anyone may ask"


def test_many_at_once_apply_each_once(database: Database, folder: Path) -> None:
    applied: list[str] = []

    def run() -> None:
        applied.extend(migrate(database.owner_url, folder))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == ["0900_first", "0901_second"]


def test_a_file_altered_after_it_was_applied_is_refused(database: Database, folder: Path) -> None:
    migrate(database.owner_url, folder)
    first = folder / "0900_first.sql"
    first.write_text(first.read_text() + "-- a word more")
    (folder / "0902_third.sql").write_text("CREATE TABLE public.third (a int)")
    with pytest.raises(MigrationError, match="0900_first was changed"):
        migrate(database.owner_url, folder)
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT to_regclass('public.third')").fetchone() == (None,)


def test_a_file_that_has_gone_is_missed_but_newer_ones_are_left_alone(
    database: Database, folder: Path
) -> None:
    migrate(database.owner_url, folder)
    (folder / "0901_second.sql").unlink()
    assert migrate(database.owner_url, folder) == [], "old code beside a newer database"
    (folder / "0902_third.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="0901_second was applied here"):
        migrate(database.owner_url, folder)


def test_a_migration_that_fails_changes_nothing(database: Database, folder: Path) -> None:
    (folder / "0901_second.sql").write_text("CREATE TABLE public.half (a int); SELECT 1 / 0;")
    with pytest.raises(MigrationError, match="0901_second: division by zero"):
        migrate(database.owner_url, folder)
    assert pending(database.owner_url, folder) == ["0901_second"]
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT to_regclass('public.half')").fetchone() == (None,)
    (folder / "0901_second.sql").write_text("CREATE TABLE public.half (a int)")
    assert migrate(database.owner_url, folder) == ["0901_second"]


def test_an_empty_database_has_everything_pending(parts: object, database: Database) -> None:
    assert pending(database.superuser_url.replace(database.name, "postgres")) == [
        migration.name for migration in migrations()
    ]
