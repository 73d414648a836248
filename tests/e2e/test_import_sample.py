"""A made log, good and broken, through the command line into a served product."""

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, takewhile
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.e2e.person import Json, Person
from tests.e2e.served import Served, serving
from tests.waiting import until

SAMPLES = Path(__file__).parent.parent / "samples"
HELPDESK = SAMPLES / "helpdesk.xes"
_XES = "{http://www.xes-standard.org/}"


@dataclass(frozen=True)
class Imported:
    """The sample in an otherwise empty system, and the admin that was made for it."""

    served: Served
    admin: Person
    done: CompletedProcess[str]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("importing")
    with serving(folder, RATE_LIMIT_PER_MINUTE="0") as served, Person(served.url) as admin:
        done = served.run("import", "xes", str(HELPDESK), "--project", "HELP", "--json")
        assert done.returncode == 0, done.stderr
        password = re.search(r"shown this once: (\S+)", done.stderr)
        assert password is not None, done.stderr
        admin.username = "admin"
        admin.log_in(password[1])
        yield Imported(served, admin, done)


def summary(done: CompletedProcess[str]) -> Json:
    found: Json = json.loads(done.stdout.splitlines()[-1])
    return found


def board(person: Person, project: str) -> dict[str, list[str]]:
    """Column -> the external ids of its cards, in their order."""
    columns = person.get(f"/projects/{project}/board")["columns"]
    return {column["name"]: [card["title"] for card in column["cards"]] for column in columns}


def activity(person: Person, task: str) -> list[Json]:
    """Oldest first."""
    return person.every(f"/tasks/{task}/activity", "activities")[::-1]


def test_the_summary_counts_the_file_and_what_was_added(imported: Imported):
    found = summary(imported.done)
    assert found.pop("seconds") > 0
    # A project and its fields, three people and their memberships, four tasks and their history.
    assert found == {"tasks": 4, "records": 10, "events": 34, "skipped": 0}


def test_when_it_returns_every_view_has_it(imported: Imported):
    assert board(imported.admin, "HELP") == {
        "Reported+first": ["HL-1004"],
        "Investigated+first": [],
        "Solved+second": ["HL-1001", "HL-1003"],
        "Waiting for parts+first": ["HL-1002"],
    }


def test_a_task_stands_as_its_last_record_left_it(imported: Imported):
    (task,) = imported.admin.get("/tasks?project_id=HELP&q=HL-1001")["tasks"]
    assert (task["key"], task["title"], task["external_id"]) == ("HELP-1", "HL-1001", "HL-1001")
    assert (task["status"], task["status_category"]) == ("solved_second", "done")
    assert task["assignee"]["name"] == "Tomás Řehoř"
    assert task["created_at"] == "2024-03-04T08:12:00Z"
    assert task["completed_at"] == "2024-03-05T07:00:00Z"
    assert task["fields"]["device"] == "Reading lamp <desk 7>"
    assert task["fields"]["minutes spent"] == 45


def test_activity_has_each_record_and_what_it_changed_at_the_original_times(imported: Imported):
    whole = activity(imported.admin, "HELP-1")
    assert {entry["occurred_at"] for entry in whole if entry["action"] == "task_created"} == {
        "2024-03-04T08:12:00Z"
    }
    entries = [entry for entry in whole if entry["action"] != "task_created"]
    assert [
        (entry["action"], entry["changes"]["field"], entry["occurred_at"][11:16])
        for entry in entries
    ] == [
        ("record_imported", "status", "08:12"),
        ("record_imported", "status", "08:40"),
        ("status_changed", "status", "08:40"),
        ("field_changed", "fields.minutes spent", "08:40"),
        ("record_imported", "status", "10:05"),
        ("assigned", "assignees", "10:05"),
        ("record_imported", "status", "07:00"),
        ("status_changed", "status", "07:00"),
        ("field_changed", "fields.guarantee until", "07:00"),
        ("field_changed", "fields.minutes spent", "07:00"),
    ]
    records = [entry for entry in entries if entry["action"] == "record_imported"]
    assert [entry["changes"]["new_value"] for entry in records] == [
        "Reported+first", "Investigated+first", "Investigated+first", "Solved+second",
    ]  # fmt: skip
    assert [entry["changes"]["old_value"] for entry in records] == [
        None, "Reported+first", "Investigated+first", "Investigated+first",
    ]  # fmt: skip
    assert [entry["actor"] for entry in records] == [
        entry["record"]["resource"] for entry in records
    ]
    assert entries[2]["actor"] == records[1]["actor"]
    assert entries[3]["changes"]["old_value"] == 5
    assert entries[3]["changes"]["new_value"] == 20


def test_any_moment_of_the_log_shows_the_file_cut_there(imported: Imported):
    """By the times that it brought, to the millisecond, none before the one that stands before it;
    a case without any has always been. By the log's own clock nothing was there before today."""
    cases = _cases()
    moments = sorted({at for case in cases.values() for at, _ in case})
    assert len(moments) > 5
    for at in moments:
        there: dict[str, set[str]] = {name: set() for name in board(imported.admin, "HELP")}
        for title, case in cases.items():
            seen = _upto(case, at)
            if not case:
                there["Reported+first"].add(title)
            elif seen:
                there[seen[-1]].add(title)
        then = f"as_of={at.isoformat().replace('+00:00', 'Z')}&clock=occurred"
        columns = imported.admin.get(f"/projects/HELP/board?{then}")["columns"]
        drawn = {each["name"]: {card["title"] for card in each["cards"]} for each in columns}
        assert drawn == there, at
        path = f"/projects/HELP/activity?action=record_imported&limit=1000&{then}"
        told = imported.admin.get(path)["activities"]
        happened = [record for case in cases.values() for record in _since(case)]
        happened = [record for record in reversed(happened) if record[0] <= at]
        happened.sort(key=lambda record: record[0], reverse=True)
        assert [each["changes"]["new_value"] for each in told if "occurred_at" in each] == [
            status for _, status in happened
        ]
    tasks = imported.admin.get("/tasks?project_id=HELP&as_of=2024-03-05T07:00:00Z")["tasks"]
    assert tasks == []


def _since(case: list[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """Each record with the latest time of those up to it."""
    times = accumulate((at for at, _ in case), max)
    return [(at, status) for at, (_, status) in zip(times, case, strict=True)]


def _upto(case: list[tuple[datetime, str]], at: datetime) -> list[str]:
    return [status for _, status in takewhile(lambda record: record[0] <= at, case)]


def _cases() -> dict[str, list[tuple[datetime, str]]]:
    """Each case's records, by a reading of the file that is this test's own."""
    found = {}
    for trace in ElementTree.parse(HELPDESK).getroot().iter(f"{_XES}trace"):
        said = {each.get("key"): each.get("value") for each in trace}
        records = []
        for event in trace.iter(f"{_XES}event"):
            told = {each.get("key"): str(each.get("value")) for each in event}
            at = datetime.fromisoformat(told["time:timestamp"]).astimezone(UTC)
            line = told.get("support line", "first")
            records.append((at, f"{told['concept:name']}+{line}"))
        found[str(said["concept:name"])] = records
    return found


def test_people_are_members_without_a_log_in(imported: Imported):
    home = imported.admin.user["default_workspace_id"]
    members = imported.admin.every(f"/workspaces/{home}/members", "members")
    assert {(member["name"], member["role"]) for member in members} == {
        ("admin", "owner"),
        ("Ines Moreau", "member"),
        ("Tomás Řehoř", "member"),
        ("Night desk", "member"),
    }


def test_the_workflow_is_what_was_seen(imported: Imported):
    workflow = imported.admin.get("/projects/HELP/workflow")
    assert workflow["initial"] == "reported_first"
    assert {(move["from"], move["to"]) for move in workflow["transitions"]} == {
        ("reported_first", "investigated_first"),
        ("investigated_first", "solved_second"),
        ("reported_first", "waiting_for_parts_first"),
        ("reported_first", "solved_second"),
        ("solved_second", "reported_first"),
    }


def test_the_project_and_the_trail_leave_as_files_that_are_recorded(imported: Imported):
    """And whoever may not read the trail gets none."""
    served, folder = imported.served, imported.served.folder
    served.run_json("export", "csv", "--project", "HELP", "--out", str(folder / "tasks.csv"))
    with (folder / "tasks.csv").open(newline="") as file:
        tasks = list(csv.DictReader(file))
    assert [task["external_id"] for task in tasks] == sorted(_cases())
    assert tasks[0]["assignees"] == "Tomás Řehoř"
    served.run_json("export", "csv", "--out", str(folder / "trail.csv"))
    with (folder / "trail.csv").open(newline="") as file:
        trail = list(csv.DictReader(file))
    exports = [json.loads(each["data"]) for each in trail if each["type"] == "TrailExported.v1"]
    assert [each["format"] for each in exports] == ["csv"]
    assert exports[0]["digest"] == hashlib.sha256((folder / "tasks.csv").read_bytes()).hexdigest()
    served.run_json("export", "report", "--format", "pdf", "--out", str(folder / "report.pdf"))
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    with Person(served.url) as member:
        member.register()
        home = imported.admin.user["default_workspace_id"]
        added = {"user_id": member.user["user_id"], "role": "member"}
        imported.admin.post(f"/workspaces/{home}/members", added)
        asked = ("--workspace", home, "--user", member.username, "--out", str(folder / "no.csv"))
        done = served.run("export", "csv", "--project", "HELP", *asked)
    assert (done.returncode, (folder / "no.csv").exists()) == (2, False)
    assert "read the workspace's trail" in done.stderr


def test_run_twice_it_adds_nothing(imported: Imported):
    again = imported.served.run("import", "xes", str(HELPDESK), "--project", "HELP", "--json")
    assert again.returncode == 0, again.stderr
    assert summary(again)["events"] == 0


def test_another_classifier_makes_another_workflow(imported: Imported):
    done = imported.served.run(
        "import", "xes", str(HELPDESK), "--project", "WHO", "--classifier", "Who", "--skip-bad"
    )
    # An event of HL-1002 names nobody, so that trace has no place in such a workflow.
    assert done.returncode == 0, done.stderr
    assert "'HL-1002'" in done.stderr
    assert "4 tasks with 10 records in the file; 2 records left out" in done.stdout
    assert list(board(imported.admin, "WHO")) == ["Ines Moreau", "Tomás Řehoř", "Night desk"]


def test_into_the_workspace_of_somebody_else_it_is_theirs(imported: Imported):
    with Person(imported.served.url) as somebody:
        somebody.register()
        file = imported.served.folder / "Büro & Lager.xes"
        shutil.copy(HELPDESK, file)
        done = imported.served.run(
            "import", "xes", str(file), "--user", somebody.username, "--json"
        )
        assert summary(done)["events"] == 34
        assert len(board(somebody, "BUROLAGER")) == 4
        hidden = imported.admin.ask("GET", "/projects/BUROLAGER/board")
        assert hidden.status_code == 404
        members = imported.admin.ask(
            "GET", f"/workspaces/{somebody.user['default_workspace_id']}/members"
        )
        assert members.status_code == 404


def test_a_broken_trace_is_named_and_nothing_comes_in(imported: Imported):
    bad = str(SAMPLES / "helpdesk_bad_trace.xes")
    before = imported.served.status()["head_position"]
    refused = imported.served.run("import", "xes", bad, "--project", "BAD", "--json")
    assert refused.returncode == 1
    assert (
        "line 70: the trace 'HL-1002', which begins at line 58: "
        "the attribute 'time:timestamp': 'half past ten' is not a date and time"
    ) in refused.stderr
    assert (summary(refused)["events"], summary(refused)["skipped"]) == (0, 2)
    assert imported.admin.ask("GET", f"/events?after={before}").json()["events"] == []
    assert imported.admin.ask("GET", "/projects/BAD/board").status_code == 404


def test_what_is_broken_may_be_left_out(imported: Imported):
    bad = str(SAMPLES / "helpdesk_bad_xml.xes")
    done = imported.served.run("import", "xes", bad, "--project", "BAD", "--skip-bad", "--json")
    assert done.returncode == 0, done.stderr
    assert "line 69: the trace 'HL-1002', which begins at line 58: not well-formed" in done.stderr
    assert summary(done)["skipped"] == 2
    cards = [card for cards in board(imported.admin, "BAD").values() for card in cards]
    assert sorted(cards) == ["HL-1001", "HL-1003", "HL-1004"]


def test_a_file_that_was_cut_off_is_completed_by_the_whole_one(imported: Imported):
    cut = SAMPLES / "helpdesk_cut.xes"
    first = imported.served.run("import", "xes", str(cut), "--project", "CUT", "--skip-bad")
    assert first.returncode == 0
    assert "the trace 'HL-1003'" in first.stderr
    assert "ends too early" in first.stderr
    whole = imported.served.run("import", "xes", str(HELPDESK), "--project", "CUT", "--json")
    assert summary(whole)["skipped"] == 0
    assert len([card for cards in board(imported.admin, "CUT").values() for card in cards]) == 4


def test_killed_in_the_middle_and_run_again_it_completes(imported: Imported):
    file = imported.served.folder / "many.xes"
    event = '<event><string key="concept:name" value="{}"/></event>'
    events = event.format("open") + event.format("closed")
    names = [f"C-{number}" for number in range(3_000)]
    traces = (f'<trace><string key="concept:name" value="{n}"/>{events}</trace>' for n in names)
    file.write_text(f"<log>{''.join(traces)}</log>")
    before = imported.served.status()["head_position"]
    running = imported.served.popen("import", "xes", str(file), "--project", "MANY")
    until(
        "half of it is in the log",
        60,
        lambda: imported.served.status()["head_position"] > before + 6_000,
    )
    running.kill()
    running.wait()
    position = imported.served.status()["head_position"]
    done = imported.served.run("import", "xes", str(file), "--project", "MANY", "--json")
    assert done.returncode == 0, done.stderr
    # Each task, its two records and its one move; the project was made by the first run. Beside
    # that the record sums up all chains once a minute.
    after = imported.served.status()["head_position"]
    summed = after - before - (1 + 4 * len(names))
    assert 0 <= summed <= 5
    assert 0 < summary(done)["events"] <= after - position
    tasks = imported.admin.every("/tasks?project_id=MANY", "tasks")
    assert sorted(task["external_id"] for task in tasks) == sorted(names)
    assert {task["version"] for task in tasks} == {4}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.xes"], 2, "none.xes cannot be read: No such file"),
        ([str(HELPDESK), "--classifier", "Nobody"], 2, "'Step', 'Who'"),
        ([str(HELPDESK), "--user", "nobody.at.all"], 2, "There is no user nobody.at.all"),
        ([str(HELPDESK), "--project", "a-b"], 2, "2 to 10 of A to Z"),
        ([str(Path(__file__))], 1, "not well-formed"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    imported: Imported, arguments: list[Any], code: int, said: str
):
    done = imported.served.run("import", "xes", *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
