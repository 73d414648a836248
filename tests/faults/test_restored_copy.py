"""The database is put back to an earlier copy while everything else has seen more."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest
from psycopg import sql

from infra.embedded.postgres import DATABASE, OWNER
from tests.e2e.person import Person
from tests.faults.given import Given
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_COPY = "earlier_copy"
_NEWER = "what_was_lost"


def test_the_relay_stops_and_says_so(product: Given, someone: Person) -> None:
    project = someone.project("BACK")
    someone.task(project["id"], "In the copy")
    product.served.await_views(someone.position)
    _copy(product)
    for number in range(5):
        made = {"project_id": project["id"], "title": f"Not in the copy {number}"}
        someone.patiently("POST", "/tasks", made)
    product.served.await_views(someone.position)
    published = product.served.status()["head_position"]

    _swap(product, _COPY, _NEWER)
    why = until("readiness says why", 30, lambda: _why_the_relay_stopped(product))
    assert "restored to an earlier state" in why
    assert product.served.status()["head_position"] < published
    for verb in ("status", "projections"):
        assert product.served.run(verb).returncode in (0, 1), verb

    # With the database that knows all that was published, it goes on.
    _swap(product, _NEWER, _COPY)
    product.served.await_ready()
    made = {"project_id": project["id"], "title": "After it all"}
    someone.patiently("POST", "/tasks", made)
    product.served.await_views(someone.position)


def _why_the_relay_stopped(product: Given) -> str | None:
    try:
        relay = product.served.readiness().json()["parts"]["relay"]
    except httpx.TransportError:  # a process that has met another log begins anew
        return None
    why: str = relay["why"] or ""
    return why if not relay["ok"] and why.startswith("stopped: ") else None


def _copy(product: Given) -> None:
    with _nobody_connected(product) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(_COPY), sql.Identifier(OWNER), sql.Identifier(DATABASE)
            )
        )


def _swap(product: Given, restored: str, kept: str) -> None:
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with _nobody_connected(product) as connection:
        for old, new in ((DATABASE, kept), (restored, DATABASE)):
            connection.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))


@contextmanager
def _nobody_connected(product: Given) -> Iterator[psycopg.Connection]:
    """A superuser's connection while nobody has one to the product's database."""
    admit = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(product.maintenance_url, autocommit=True) as connection:
        connection.execute(admit.format(sql.Identifier(DATABASE), sql.Literal(False)))
        until("nobody is connected", 10, lambda: _is_left_alone(connection))
        yield connection
        shut = connection.execute(
            "SELECT datname FROM pg_database WHERE NOT datallowconn AND NOT datistemplate"
        )
        for (name,) in shut.fetchall():
            connection.execute(admit.format(sql.Identifier(name), sql.Literal(True)))


def _is_left_alone(connection: psycopg.Connection) -> bool:
    told = connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (DATABASE,)
    )
    return not told.fetchall()
