"""Of the two ways in which words are looked for, the one that few tasks never take."""

import psycopg

from tests.real import Database


def ask_the_index(database: Database) -> None:
    """From now on no tasks are few."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION views.in_few_tasks("
            " docs text, words tsquery, within tsquery, workspaces text[])"
            " RETURNS boolean LANGUAGE sql AS 'SELECT false'"
        )
