"""Events that cannot be read, or are older, for as long as a test wants them so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg

from tests.real import Database
from tests.waiting import until

_BEHIND: LiteralString = """
SELECT count(*)
FROM ops.projection_generations JOIN ops.checkpoints USING (name, version, generation)
WHERE state = 'live' AND position < (SELECT position FROM log.head)
"""


@contextmanager
def unreadable(database: Database, stream: str) -> Iterator[psycopg.Connection]:
    """Nobody can read an event of this stream. Afterwards everybody can again, for the log is one
    that other tests look at too; the connection may change what else of it stands in its way."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        _all_seen(connection)
        connection.execute("SET session_replication_role = replica")
        kept = connection.execute(
            "SELECT payload, position FROM log.events WHERE stream = %s", (stream,)
        ).fetchall()
        connection.execute("UPDATE log.events SET payload = '\\xc1' WHERE stream = %s", (stream,))
        try:
            yield connection
        finally:
            for row in kept:
                connection.execute("UPDATE log.events SET payload = %s WHERE position = %s", row)


@contextmanager
def keyless(database: Database, user_id: str) -> Iterator[None]:
    """What somebody wrote cannot be read by anybody who has not read it yet; afterwards it can."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        _all_seen(connection)
        kept = connection.execute(
            "DELETE FROM keys.sealing_keys WHERE owner = %s RETURNING *", (user_id,)
        ).fetchall()
        try:
            yield
        finally:
            for row in kept:
                marks = ", ".join(["%s"] * len(row))
                connection.execute(f"INSERT INTO keys.sealing_keys VALUES ({marks})".encode(), row)


@contextmanager
def aged(database: Database, workspace_id: str, days: int) -> Iterator[None]:
    """All that has happened in a workspace happened so much earlier, until afterwards."""
    moved: LiteralString = (
        "UPDATE log.events SET recorded_at = recorded_at - %s * interval '1 day'"
        " WHERE workspace_id = %s AND position <= %s"
    )
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        _all_seen(connection)
        connection.execute("SET session_replication_role = replica")
        ((head,),) = connection.execute("SELECT position FROM log.head").fetchall()
        connection.execute(moved, (days, workspace_id, head))
        try:
            yield
        finally:
            connection.execute(moved, (-days, workspace_id, head))


def _all_seen(connection: psycopg.Connection) -> None:
    """Until each view has all that is in the log: one that met the damage would park a stream, and
    be another than those that are built when it is mended."""
    until(
        "every view is as far as the log",
        60,
        lambda: connection.execute(_BEHIND).fetchone() == (0,),
    )
