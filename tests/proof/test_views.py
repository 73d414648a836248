"""`taskledger verify --database --views`: which rows of which views are not as the log says."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.cli import verify_database
from api.cli.main import run
from infra import logs
from infra.processes.rebuild import DOUBLED
from projections.registry import VIEWS
from tests.api.product import served, settings_of
from tests.e2e.person import Person
from tests.proof.tally import Proof
from tests.real import Database, Parts

TAMPERED = ("projects", "activity", "board")
VERIFY = ("verify", "--database", "--views", "--json")


def test_a_row_that_is_not_as_the_log_says_is_named(
    parts: Parts,
    database: Database,
    data_folder: Path,
    proof: Proof,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_of(parts, database, data_dir=data_folder)
    with served(settings) as product, Person(product.base_url) as person:
        person.task(person.register().project("SEEN")["id"], "To be seen as it is")
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    # Both are for a whole process, and this one goes on.
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(verify_database, "tune_collector", lambda: None)
    if proof.share < 1:
        some = [view for view in VIEWS if view.name in TAMPERED]
        monkeypatch.setattr(verify_database, "VIEWS", some)

    with proof.counted("a live system's views", is_untouched=True) as count:
        assert run(list(VERIFY)) == 0
        told = _told(capsys)
        count("all", (told["verified"], told["views"]) == (True, True))
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
    with proof.counted("a live system's views: rows changed, missing, doubled") as count:
        assert run(list(VERIFY)) == 1
        told = _told(capsys)
        assert told["wrong"].startswith("3 rows of views differed from the log, the first in ")
        named = {(each["view"], each["table"], each["kind"]): each["key"] for each in told["rows"]}
        assert len(named) == len(told["rows"])
        count("changed", named.pop(("projects", "projects", "changed"), None) == changed)
        count("missing", named.pop(("activity", "entries", "only in the new one"), None) == missing)
        count("doubled", named.pop(("board", "cards", DOUBLED), None) == doubled)
        assert not named


def _told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return told


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
