"""The drill of docs/backup.md, with the product that people run."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.person import Person
from tests.e2e.served import Served

pytestmark = pytest.mark.timeout(180)


def test_a_new_system_is_what_the_old_one_was(
    served: Served, person: Person, tmp_path: Path
) -> None:
    person.project("WEB")
    made = [person.task("WEB", f"Aufgabe ü {number}") for number in range(3)]
    person.comment(made[0]["task_id"], "what of it?")
    board, task = person.get("/projects/WEB/board"), person.get(f"/tasks/{made[0]['key']}")
    activity = person.every("/projects/WEB/activity", "activities")
    file = tmp_path / "backup"
    (written,) = served.run_json("backup", "--out", str(file))
    assert written["position"] >= person.position
    assert file.stat().st_mode & 0o777 == 0o600

    into = Served(tmp_path / "new", {"RATE_LIMIT_PER_MINUTE": "0"})
    into.data.mkdir(parents=True)
    shutil.copy(served.data / "master.key", into.data)
    try:
        into.start()
        done = into.run("restore", str(file))
        assert done.returncode == 0, done.stderr
        assert "incarnation declare" in done.stderr
        into.stop()
        into.start()
        into.await_views(written["position"])
        with Person(into.url, person.username) as back:
            back.log_in()
            assert back.get("/projects/WEB/board") == board
            assert back.get(f"/tasks/{made[0]['key']}") == task
            assert back.every("/projects/WEB/activity", "activities") == activity
            fourth = back.task("WEB", "and on")
            assert fourth["key"] == "WEB-4"
            assert back.get(f"/tasks/{fourth['key']}")["title"] == "and on"
    finally:
        if into.is_running:
            into.stop()
