"""The second wall: PostgreSQL itself shows no row of a view to whoever has not named its tenant."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
import pytest
from psycopg import errors, sql

from infra.postgres.views.ddl import SCHEMA, relation_name
from projections.projection import Projection, Table
from projections.registry import VIEWS
from tests.infra.views.written import Written
from tests.real import Database

OURS: Final = "ws_ours"
TABLES: Final = [(view, table) for view in VIEWS for table in view.tables]
# Something of each type that a column may have.
SOME: Final[dict[str, Any]] = {
    "text": "x",
    "bytea": b"x",
    "boolean": False,
    "smallint": 1,
    "integer": 1,
    "bigint": 1,
    "double precision": 1.0,
    "timestamptz": datetime(2026, 1, 1, tzinfo=UTC),
    "jsonb": '{"a": 1}',
    "tsvector": "x",
    "text[]": ["x"],
}
# As each function is called, what it finds last; all of them look at the rows that `filled` makes.
FUNCTIONS: Final = (
    (
        "task_hits", "tasks", "tasks",
        "SELECT views.task_hits(%s, NULL, NULL, NULL, '{x}', '{x}', '{\"{x}\"}', 9)",
    ),
    (
        "task_hits", "search", "docs",
        "SELECT views.task_hits(NULL, %s, 'x', NULL, '{}', '{}', '{}', 9)",
    ),
    ("field_hits", "tasks", "fields", "SELECT views.field_hits(%s, ARRAY['{}'::jsonb], 9)"),
    ("made_hits", "intervals", "made", "SELECT views.made_hits(%s, ARRAY['x'], 9)"),
    (
        "search_hits", "search", "docs",
        "SELECT unnest(task_ids) FROM views.search_hits(%s, 'x', 'x', NULL, NULL, 9, 9)",
    ),
    (
        "search_hits", "search", "docs",
        "SELECT FROM views.search_hits(%s, 'x', 'x', 'x', NULL, 9, 9) WHERE total > 0",
    ),
    (
        "search_hits", "search", "docs",
        "SELECT unnest(task_ids) FROM views.search_hits(%s, 'x', 'x', NULL, '{x}', 9, 9)",
    ),
    # Of before:
    (
        "task_hits", "tasks", "tasks",
        "SELECT views.task_hits(%s, NULL, NULL, '{x}', '{x}', '{\"{x}\"}', 9)",
    ),
    (
        "search_hits", "search", "docs",
        "SELECT unnest(task_ids) FROM views.search_hits(%s, 'x', 'x', NULL, 9)",
    ),
    (
        "search_found", "search", "docs",
        "SELECT n FROM views.search_found(%s, 'x', 9) AS n WHERE n > 0",
    ),
    ("search_words", "search", "words", "SELECT views.search_words(%s, 'x', 0.1, 9)"),
)  # fmt: skip


def relation(view: Projection, table: Table) -> sql.Identifier:
    return sql.Identifier(SCHEMA, relation_name(view, table, 1))


@pytest.fixture
def filled(database: Database, written: Written) -> Iterator[psycopg.Connection]:
    """Every table of every view with one row of one tenant; a connection of the api's role."""
    with psycopg.connect(database.worker_url) as worker:
        for view, table in TABLES:
            values = {name: SOME[kind] for name, kind in table.types.items()}
            values["workspace_id"] = OURS
            row = sql.SQL("INSERT INTO {} VALUES ({})").format(
                relation(view, table), sql.SQL(", ").join(sql.Placeholder() * len(values))
            )
            worker.execute(row, list(values.values()))
    with psycopg.connect(database.api_url, autocommit=True) as api:
        yield api


def named(api: psycopg.Connection, workspaces: str | None) -> None:
    api.execute("RESET taskledger.workspaces")
    if workspaces is not None:
        api.execute("SELECT set_config('taskledger.workspaces', %s, false)", (workspaces,))


def seen(connection: psycopg.Connection) -> set[str]:
    """The tables in which somebody finds a row."""
    return {
        relation_name(view, table, 1)
        for view, table in TABLES
        if connection.execute(sql.SQL("SELECT FROM {}").format(relation(view, table))).fetchall()
    }


def test_no_table_shows_a_row_to_who_has_not_named_its_tenant(filled: psycopg.Connection) -> None:
    every = {relation_name(view, table, 1) for view, table in TABLES}
    for named_tenants, found in (
        (None, set()),
        ("", set()),
        ("ws_theirs", set()),
        ("ws_our", set()),
        ("{ws_ours}", set()),
        (OURS, every),
        (f"ws_theirs,{OURS}", every),
    ):
        named(filled, named_tenants)
        assert seen(filled) == found, named_tenants


def test_the_policies_bind_even_whoever_made_the_tables(
    filled: psycopg.Connection, database: Database
) -> None:
    unforced = filled.execute(
        "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'views'::regnamespace"
        " AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    ).fetchall()
    free = filled.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'taskledger%'"
        " AND (rolsuper OR rolbypassrls)"
    ).fetchall()
    assert (unforced, free) == ([], [])
    # Who owns the database, and may become each role, sees nothing as itself.
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for view, table in TABLES:
            look = sql.SQL("SELECT FROM {}").format(relation(view, table))
            try:
                assert owner.execute(look).fetchall() == []
            except errors.InsufficientPrivilege:
                continue


def test_what_looks_past_the_policies_keeps_to_the_named_tenants(
    filled: psycopg.Connection,
) -> None:
    past_them = filled.execute(
        "SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'views'::regnamespace"
        " AND p.prosecdef"
    ).fetchall()
    assert {name for (name,) in past_them} == {name for name, *_ in FUNCTIONS}
    for tenants, count in ((None, 0), ("", 0), ("ws_theirs", 0), (OURS, 1)):
        named(filled, tenants)
        for function, view_name, table_name, call in FUNCTIONS:
            view = next(each for each in VIEWS if each.name == view_name)
            asked = relation_name(view, view.table(table_name), 1)
            found = filled.execute(call.encode(), (asked,)).fetchall()
            assert len(found) == count, (tenants, function)
    named(filled, OURS)
    for *_, call in FUNCTIONS:
        with pytest.raises(errors.InvalidParameterValue):
            filled.execute(call.encode(), ("members_people_v1_g1",))
