"""Events that cannot be read, for as long as a test wants them so."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.real import Database


@contextmanager
def unreadable(database: Database, stream: str) -> Iterator[psycopg.Connection]:
    """Nobody can read an event of this stream. Afterwards everybody can again, for the log is one
    that other tests look at too; the connection may change what else of it stands in its way."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
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
