"""The embedded servers as every test sees them."""

import psycopg
from psycopg.rows import tuple_row

from infra.embedded.postgres import SUPERUSER
from tests.real import Parts


def test_each_part_serves_and_comes_back_after_a_crash(parts: Parts) -> None:
    for part in (parts.postgres, parts.nats, parts.valkey):
        first = part.pid
        part.kill()
        assert not part.is_ready()
        part.start()
        assert part.is_ready()
        assert part.pid != first


def test_postgresql_is_durable_checked_and_closed(parts: Parts) -> None:
    with psycopg.connect(parts.database_url, row_factory=tuple_row) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("synchronous_commit", "data_checksums", "password_encryption")
        }
        superuser = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    # What the product asks for; the tests' own server is told otherwise beside it.
    with psycopg.connect(parts.postgres.url_of(SUPERUSER, "postgres")) as connection:
        asked = connection.execute(
            "SELECT setting FROM pg_file_settings"
            " WHERE name = 'fsync' AND sourcefile LIKE '%/postgresql.conf'"
        ).fetchall()
    assert asked == [("on",)]
    assert shown == {
        "synchronous_commit": "on",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
    }
    assert superuser == (False,)
