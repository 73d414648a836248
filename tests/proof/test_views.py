"""`taskledger verify --database --views`: which rows of which views are not as the log says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from infra.processes.rebuild import DOUBLED
from infra.settings import Settings, child_environment
from tests.api.product import served, settings_of
from tests.real import Database, Parts

SAMPLE = Path(__file__).parents[1] / "samples" / "helpdesk.xes"


def answered(settings: Settings, *arguments: str) -> tuple[int, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", *arguments, "--json"],
        env=child_environment(settings.as_environment()),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def test_a_row_that_is_not_as_the_log_says_is_named(
    parts: Parts, database: Database, data_folder: Path
) -> None:
    settings = settings_of(parts, database, data_dir=data_folder)
    with served(settings):
        code, _ = answered(settings, "import", "xes", str(SAMPLE), "--project", "HELP")
    assert code == 0
    verify = ("verify", "--database", "--views")
    code, told = answered(settings, *verify)
    assert (code, told["verified"], told["views"]) == (0, True, True)

    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:
        changed = tamper(
            superuser,
            "projects_projects",
            "WITH it AS (SELECT project_id FROM {0} LIMIT 1)"
            " UPDATE {0} SET key = 'EVIL' WHERE project_id IN (TABLE it) RETURNING project_id",
        )
        missing = tamper(
            superuser,
            "activity_entries",
            "WITH it AS (SELECT workspace_id, position, ordinal FROM {0} LIMIT 1) DELETE FROM {0}"
            " WHERE (workspace_id, position, ordinal) IN (TABLE it)"
            " RETURNING workspace_id, position, ordinal",
        )
        doubled = tamper(
            superuser,
            "board_cards",
            "ALTER TABLE {0} DROP CONSTRAINT {1}_pkey;"
            " INSERT INTO {0} SELECT * FROM {0} LIMIT 1 RETURNING task_id",
        )
    code, told = answered(settings, *verify)
    assert (code, told["verified"]) == (1, False)
    assert told["wrong"].startswith("3 rows of views differed from the log, the first in ")
    rows = {(each["view"], each["table"]): (each["key"], each["kind"]) for each in told["rows"]}
    assert rows == {
        ("projects", "projects"): (changed, "changed"),
        ("activity", "entries"): (missing, "only in the new one"),
        ("board", "cards"): (doubled, DOUBLED),
    }


def tamper(superuser: "psycopg.Connection[Any]", table: str, statement: str) -> list[Any]:
    """What the statement returns of a row of the generation that answers."""
    [(name,)] = superuser.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'views' AND tablename ~ %s"
        " ORDER BY length(tablename) DESC, tablename DESC LIMIT 1",
        (f"^{table}_v\\d+_g\\d+$",),
    ).fetchall()
    cursor = superuser.execute(statement.format(f"views.{name}", name))
    while cursor.nextset():
        pass
    return list(cursor.fetchall()[0])
