"""Commands beside a served product: what they print, how they end."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from projections.registry import VIEWS
from tests.e2e.person import Person
from tests.e2e.served import Served
from tests.waiting import until

pytestmark = pytest.mark.timeout(180)


def test_status_and_projections_show_how_far_every_view_is(served: Served, person: Person) -> None:
    person.task(person.project("CLI")["id"], "One to count")
    served.await_views(person.position)
    (status,) = served.run_json("status")
    assert status["head_position"] >= person.position
    assert status["views"].keys() == {view.name for view in VIEWS}
    assert {each["view"] for each in served.run_json("projections")} == status["views"].keys()
    for verb in ("status", "projections"):
        shown = served.run(verb)
        assert shown.returncode == 0
        assert all(name in shown.stdout for name in status["views"])
    assert served.status()["log_id"] == status["log_id"]


def test_the_scheduler_is_named_where_it_runs(served: Served) -> None:
    def named() -> bool:
        return "scheduler" in served.status()["parts"]

    until("the scheduler reports", 20, named)
    well = {"ok": True, "why": None}
    until("it is well", 20, lambda: readiness(served).get("scheduler") == well)
    (status,) = served.run_json("status")
    assert status["scheduler"]["why"] is None
    assert status["scheduler"]["state"] in ("running", "standing by", "starting")


def readiness(served: Served) -> dict[str, Any]:
    """Of each part; without those that were not heard of in time."""
    parts: dict[str, Any] = served.readiness().json()["parts"]
    return parts


def test_nothing_is_parked_on_a_good_day(served: Served) -> None:
    assert served.run_json("dead-letters", "list") == []
    assert served.run("dead-letters", "list").returncode == 0


def test_one_view_is_rebuilt_by_name(served: Served, person: Person) -> None:
    person.task(person.project("ONE")["id"], "One to fold again")
    (before,) = [view for view in served.run_json("projections") if view["view"] == "tasks"]
    (told,) = served.run_json("rebuild", "tasks", "--compare", "--yes")
    assert (told["view"], told["differences"]) == ("tasks", 0)
    assert told["generation"] > before["generation"]
    shown = served.run("rebuild", "tasks", "--yes")
    assert shown.returncode == 0
    assert "tasks" in shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rebuild", "task"], "There is no view task"),
        (["rebuild"], "--all"),
        (["dead-letters", "mend"], "mend"),
        (["dead-letters", "retry", "--all", "--view", "task"], "There is no view task"),
        (["statsu"], "did you mean `status`?"),
    ],
)
def test_bad_use_ends_with_two(served: Served, arguments: list[str], says: str) -> None:
    done = served.run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_part_that_is_down_ends_with_three(served: Served, tmp_path: Path) -> None:
    nowhere = "postgresql://taskledger:x@127.0.0.1:1/taskledger"
    key = str(served.data / "master.key")
    elsewhere = Served(tmp_path, {"DATABASE_URL": nowhere, "MASTER_KEY_FILE": key})
    for arguments in (["status"], ["projections"], ["rebuild", "--all", "--yes"]):
        done = elsewhere.run(*arguments)
        assert done.returncode == 3, f"{arguments}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_nothing_served_is_said_in_one_line(tmp_path: Path) -> None:
    served = Served(tmp_path)
    for code in (2, 3):  # there is no such folder; there is, and its product does not run
        done = served.run("status")
        assert done.returncode == code
        assert len(done.stderr.splitlines()) == 1
        assert "serve --embedded" in done.stderr
        served.data.mkdir(exist_ok=True)


def test_a_master_key_that_is_none_is_said_in_one_line_before_anything_begins(
    tmp_path: Path,
) -> None:
    for name, value in (("MASTER_KEY", "hunter2"), ("MASTER_KEY_FILE", str(tmp_path))):
        done = Served(tmp_path, {name: value}).run("serve", "--embedded")
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert "master key" in done.stderr
        assert "hunter2" not in done.stderr


def test_a_folder_in_use_is_said_in_one_line(served: Served) -> None:
    done = Served(served.folder, served.settings).run("serve", "--embedded")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "in use by another run" in done.stderr


def test_the_console_script_is_the_same_command() -> None:
    script = Path(sys.executable).with_name("taskledger")
    help_of = [[str(script), "--help"], [sys.executable, "-m", "api.cli.main", "--help"]]
    shown = [
        subprocess.run(each, capture_output=True, text=True, check=True, timeout=30).stdout
        for each in help_of
    ]
    assert shown[0] == shown[1]
    assert "rebuild" in shown[0]


@pytest.mark.parametrize(
    ("streams", "codes"),
    [("<&- >&- 2>&-", [0, 2]), (">/dev/full", [2, 2]), ("2>/dev/full", [0, 2])],
)
def test_a_command_whose_streams_lead_nowhere_gives_no_verdict(
    streams: str, codes: list[int]
) -> None:
    command = f'exec "$0" -m api.cli.main "$1" {streams}'
    done = [
        subprocess.run(
            ["sh", "-c", command, sys.executable, each], stderr=subprocess.PIPE, timeout=30
        )
        for each in ("--version", "frobnicate")
    ]
    assert [each.returncode for each in done] == codes
    assert not any(b"Traceback" in each.stderr for each in done)
