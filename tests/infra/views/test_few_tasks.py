"""Where words are looked for in few tasks, these are looked through; else an index is asked."""

from collections.abc import Iterator

import psycopg
import pytest

from projections.search import SEARCH_VIEW
from tests.infra.views.written import Written
from tests.real import Database

DOCS = f"search_docs_v{SEARCH_VIEW.version}_g1"
# Of 40,000 tasks all have `often` and 20 `seldom`; 1,500 are in a small workspace, 800 of these
# in one project. Of fewer than a hundred words PostgreSQL would not guess how often a beginning is.
FILLED = f"""
INSERT INTO views.{DOCS} (task_id, workspace_id, project_id, changed, terms)
SELECT 'task_' || n, place.workspace, place.project, n,
    array_to_tsvector(array['often', '=' || place.workspace, '/' || place.project]
        || CASE WHEN n % 2000 = 0 THEN array['seldom'] ELSE array['other' || n % 200] END)
FROM generate_series(1, 40000) AS n, LATERAL (
    SELECT CASE WHEN n <= 1500 THEN 'small' ELSE 'big' END,
        CASE WHEN n <= 800 THEN 'one' WHEN n <= 1500 THEN 'two' ELSE 'big' END
) AS place(workspace, project)
"""


@pytest.fixture
def searching(database: Database, written: Written) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(FILLED.encode())
        connection.execute(f"VACUUM ANALYZE views.{DOCS}".encode())
        connection.execute("SET ROLE taskledger_search")
        connection.execute("SELECT set_config('taskledger.workspaces', 'small,big', false)")
        yield connection


def test_few_tasks_are_few_beside_those_that_have_the_words(
    searching: psycopg.Connection,
) -> None:
    for words, within, workspaces, few in (
        ("'often':*", None, ["small"], True),
        ("'oft':*", None, ["small"], True),
        ("'often':*", None, ["big"], False),
        ("'often':*", None, ["small", "big"], False),
        ("'often':*", "'/one'", ["small"], True),
        ("'often':*", "'/big'", ["big"], False),
        ("'seldom':*", "'/one'", ["small"], True),
        ("'seldom':*", None, ["small"], False),
        ("'seldom':*", None, ["nobody"], True),
        ("'of''ten':*", None, ["big"], False),
    ):
        row = searching.execute(
            "SELECT views.in_few_tasks(%s, %s, %s, %s)", (DOCS, words, within, workspaces)
        ).fetchone()
        assert row == (few,), (words, within, workspaces)


def test_the_doors_cannot_ask_it(database: Database, written: Written) -> None:
    with (
        psycopg.connect(database.api_url, autocommit=True) as api,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        api.execute("SELECT views.in_few_tasks(%s, 'x', NULL, '{}')", (DOCS,))
