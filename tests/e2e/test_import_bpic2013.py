"""A real company's log of 65,533 events, compared with the file by a reading of the test's own."""

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from tests.e2e.person import Json, Person
from tests.e2e.served import Served, serving
from tests.e2e.test_import_sample import summary

LOG = Path(__file__).parents[3] / "shared" / "data" / "bpic2013_incidents.xes.gz"
_XES = "{http://www.xes-standard.org/}"
_NAME = "concept:name"

pytestmark = [
    pytest.mark.skipif(
        not LOG.exists(), reason="the real log is not here: ../shared/data, beside the project"
    ),
    pytest.mark.timeout(400),
]


@dataclass(frozen=True)
class Record:
    status: str
    who: str
    at: str
    product: str = field(default="", compare=False)


@dataclass(frozen=True)
class Event:
    """What process mining asks of an event, each as its file writes it; and the product."""

    activity: str
    transition: str
    resource: str
    time: str
    product: str = field(default="", compare=False)


@dataclass(frozen=True)
class Imported:
    served: Served
    admin: Person
    summary: Json
    events: dict[str, list[Event]]
    truth: dict[str, list[Record]]
    activities: list[Json]


def events_of(path: Path) -> dict[str, list[Event]]:
    """Case -> its events in the file's order, by nothing that the product has."""
    cases: dict[str, list[Event]] = {}
    with gzip.open(path) as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag == f"{_XES}trace":
                (name,) = (each.get("value") for each in element if each.get("key") == _NAME)
                assert str(name) not in cases
                cases[str(name)] = [_event(each) for each in element.iter(f"{_XES}event")]
                element.clear()
    return cases


def _event(element: ElementTree.Element) -> Event:
    said = {each.get("key"): str(each.get("value")) for each in element}
    return Event(
        said[_NAME],
        said["lifecycle:transition"],
        said["org:resource"],
        said["time:timestamp"],
        said.get("product", ""),
    )


def _record(event: Event) -> Record:
    return Record(
        status=f"{event.activity}+{event.transition}",
        who=event.resource,
        at=_utc(event.time),
        product=event.product,
    )


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("incidents")
    with serving(folder, RATE_LIMIT_PER_MINUTE="0") as served, Person(served.url) as admin:
        done = served.run("import", "xes", str(LOG), "--project", "INC", "--json", within_s=300)
        assert done.returncode == 0, done.stderr
        password = re.search(r"shown this once: (\S+)", done.stderr)
        assert password is not None
        admin.username = "admin"
        admin.log_in(password[1])
        activities = admin.every("/projects/INC/activity", "activities")
        events = events_of(LOG)
        truth = {name: [_record(event) for event in case] for name, case in events.items()}
        yield Imported(served, admin, summary(done), events, truth, activities)


def test_everything_in_the_file_is_counted(imported: Imported):
    assert (imported.summary["tasks"], imported.summary["records"]) == (7_554, 65_533)
    assert imported.summary["skipped"] == 0
    assert sum(map(len, imported.truth.values())) == 65_533


def test_exported_it_is_the_file_again(imported: Imported):
    """Every one of its cases, and of each all events in order."""
    out = imported.served.folder / "out.xes.gz"
    done = imported.served.run("export", "xes", "--project", "INC", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    told = events_of(out)
    assert sum(map(len, told.values())) == 65_533
    assert told == imported.events
    assert summary(done)["tasks"] == 7_554


def test_every_column_holds_the_cards_that_ended_in_it(imported: Imported):
    in_order = list(dict.fromkeys(r.status for case in imported.truth.values() for r in case))
    ended = Counter(case[-1].status for case in imported.truth.values())
    columns = imported.admin.get("/projects/INC/board?cards=1")["columns"]
    assert [(column["name"], column["count"]) for column in columns] == [
        (name, ended[name]) for name in in_order
    ]


def test_statuses_have_the_category_that_the_file_shows(imported: Imported):
    reached, ended = Counter(), Counter()  # type: ignore[var-annotated]
    for case in imported.truth.values():
        reached.update({record.status for record in case})
        ended[case[-1].status] += 1
    statuses = imported.admin.get("/projects/INC/workflow")["statuses"]
    assert statuses[0]["category"] == "todo"
    for status in statuses[1:]:
        done = 2 * ended[status["name"]] > reached[status["name"]]
        assert status["category"] == ("done" if done else "in_progress"), status


def test_all_tasks_stand_where_their_last_event_left_them(imported: Imported):
    statuses = imported.admin.get("/projects/INC/workflow")["statuses"]
    names = {status["key"]: status["name"] for status in statuses}
    tasks = imported.admin.every("/tasks?project_id=INC", "tasks")
    assert len(tasks) == len(imported.truth)
    for task in tasks:
        case = imported.truth[task["external_id"]]
        assert task["title"] == task["external_id"]
        assert names[task["status"]] == case[-1].status
        assert task["assignee"]["name"] == case[-1].who
        assert task["created_at"] == case[0].at


def test_the_activity_of_every_task_is_its_trace(imported: Imported):
    tasks = {
        task["task_id"]: task["external_id"]
        for task in imported.admin.every("/tasks?project_id=INC", "tasks")
    }
    told: dict[str, list[Record]] = defaultdict(list)
    for entry in reversed(imported.activities):
        if entry["action"] == "record_imported":
            told[tasks[entry["task_id"]]].append(
                Record(
                    entry["changes"]["new_value"],
                    entry["record"]["resource"]["name"],
                    entry["occurred_at"],
                )
            )
    assert told == imported.truth


def test_status_changes_follow_the_records(imported: Imported):
    """Of every task at once: as many as there are moves in the file, each from where it was."""
    moves: Counter[tuple[str, str]] = Counter()
    for case in imported.truth.values():
        for before, after in pairwise(case):
            if before.status != after.status:
                moves[before.status, after.status] += 1
    statuses = imported.admin.get("/projects/INC/workflow")["statuses"]
    names = {status["key"]: status["name"] for status in statuses}
    told: Counter[tuple[str, str]] = Counter()
    for entry in imported.activities:
        if entry["action"] == "status_changed":
            changes = entry["changes"]
            told[names[changes["old_value"]], names[changes["new_value"]]] += 1
    assert told == moves


def test_counts_through_filters_are_those_of_the_file(imported: Imported):
    """Of every status, of the busiest people and of the most frequent products, by the last record
    of each case."""
    last = [case[-1] for case in imported.truth.values()]
    counts = {
        "status": Counter(record.status for record in last),
        "assignee": Counter(record.who for record in last),
        "product": Counter(record.product for record in last),
    }
    wrong = {}
    for name, counted in counts.items():
        for value, count in counted.most_common(15):
            query = f'project = INC AND {name} = "{value}"'
            asked = urlencode({"query": query, "limit": 1, "total": "true"})
            told = imported.admin.get(f"/tasks?{asked}")["total"]
            if told != count:
                wrong[query] = (told, count)
    assert wrong == {}
    by_parameter = urlencode(
        {"project_id": "INC", "fields[product]": last[0].product, "limit": 1, "total": "true"}
    )
    told = imported.admin.get(f"/tasks?{by_parameter}")["total"]
    assert told == counts["product"][last[0].product]


@dataclass(frozen=True)
class Stay:
    """A status from one record to the next that has another; the last has no end."""

    status: str
    who: str
    first: str
    end: str | None


def stays(case: list[Record]) -> list[Stay]:
    entered = [
        case[0],
        *(after for before, after in pairwise(case) if before.status != after.status),
    ]
    ends = [*(record.at for record in entered[1:]), None]
    return [
        Stay(record.status, record.who, record.at, end)
        for record, end in zip(entered, ends, strict=True)
    ]


def test_status_was_is_the_truth_of_the_file(imported: Imported):
    cases = imported.truth.values()
    assert all(before.at <= after.at for case in cases for before, after in pairwise(case))
    busiest = Counter(record.who for case in cases for record in case).most_common(2)[1][0]
    queued, working = "Queued+Awaiting Assignment", "Accepted+In Progress"
    waiting, closed = "Accepted+Wait - User", "Completed+Closed"
    first, end = "2012-05-01T00:00:00Z", "2012-05-08T00:00:00Z"

    def lasted(stay: Stay) -> bool:
        return stay.first < end and (stay.end is None or stay.end > first)

    def entered(before: Stay, stay: Stay) -> bool:
        """Its first status came to a case with the import, every other one by somebody there."""
        return stay.who == busiest and (before.status, stay.status) == (waiting, working)

    expected = {
        f'status WAS "{waiting}"': met(imported, lambda s: s.status == waiting),
        f'status WAS "{closed}" BEFORE "{first}"': met(
            imported, lambda s: s.status == closed and s.first < first
        ),
        f'status WAS "{queued}" DURING (2012-05-01, 2012-05-07)': met(
            imported, lambda s: s.status == queued and lasted(s)
        ),
        f'status WAS "{waiting}" BY "{busiest}" AFTER "{first}"': met(
            imported,
            lambda s: (s.status, s.who) == (waiting, busiest) and (s.end or end) > first,
            later=True,
        ),
        f'status CHANGED FROM "{waiting}" TO "{working}" BY "{busiest}"': {
            name
            for name, case in imported.truth.items()
            if any(entered(*each) for each in pairwise(stays(case)))
        },
    }
    everything = set(imported.truth)
    for query, found in list(expected.items())[:3]:
        expected[query.replace("status WAS", "status WAS NOT")] = everything - found
    for query, found in expected.items():
        assert found, query
        assert found != everything, query
        asked = urlencode({"query": f"project = INC AND {query}"})
        told = {task["external_id"] for task in imported.admin.every(f"/tasks?{asked}", "tasks")}
        assert told == found, query


def met(imported: Imported, holds: Callable[[Stay], bool], *, later: bool = False) -> set[str]:
    """The cases of which some stay is so; `later`: some that is not the first."""
    return {
        name for name, case in imported.truth.items() if any(map(holds, stays(case)[int(later) :]))
    }


def cut(case: list[Record], at: str) -> list[Record]:
    """Its events up to a time, as they stand in the file."""
    return list(takewhile(lambda record: record.at <= at, case))


def test_the_board_of_a_day_in_the_log_is_the_file_cut_there(imported: Imported):
    at = "2012-05-01T00:00:00Z"
    begun = {name: some for name, case in imported.truth.items() if (some := cut(case, at))}
    assert 0 < len(begun) < len(imported.truth)
    then = f"as_of={at}&clock=occurred"
    stood = Counter(case[-1].status for case in begun.values())
    in_order = list(dict.fromkeys(r.status for case in imported.truth.values() for r in case))
    columns = imported.admin.get(f"/projects/INC/board?cards=1000&{then}")["columns"]
    assert [(column["name"], column["count"]) for column in columns] == [
        (name, stood[name]) for name in in_order
    ]
    for column in columns:
        drawn = {card["title"] for card in column["cards"]}
        there = {name for name, case in begun.items() if case[-1].status == column["name"]}
        assert drawn <= there
        assert column["has_more"] or drawn == there
    statuses = imported.admin.get("/projects/INC/workflow")["statuses"]
    names = {status["key"]: status["name"] for status in statuses}
    tasks = imported.admin.every(f"/tasks?project_id=INC&{then}", "tasks")
    assert {
        task["external_id"]: (names[task["status"]], task["assignee"]["name"], task["created_at"])
        for task in tasks
    } == {name: (case[-1].status, case[-1].who, case[0].at) for name, case in begun.items()}


def test_an_auditor_verifies_a_month_of_it_before_and_after_somebody_is_forgotten(
    imported: Imported, tmp_path: Path
):
    """The tour for auditors, over all of it. Nothing comes after it: somebody's texts are gone."""
    served, admin = imported.served, imported.admin
    workspace_id = admin.user["default_workspace_id"]
    today = datetime.now(UTC).date()
    month = ["--from", str(today - timedelta(days=30)), "--to", str(today)]

    def exported(name: str, *what: str) -> tuple[Path, int]:
        out = tmp_path / name
        asked = ["--workspace", workspace_id, *what, "--out", str(out)]
        (told,) = served.run_json("export", "bundle", *asked)
        return out, told["events"]

    def verified(file: Path) -> Json:
        (found,) = served.run_json("verify", str(file))
        assert (found["verified"], found["trusted"]) == (True, True)
        return dict(found)

    file, events = exported("month.bundle", *month)
    assert events > 2 * 65_533
    found = verified(file)
    assert (found["complete_from"], found["complete_to"]) == (1, events)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    altered = tmp_path / "altered.bundle"
    altered.write_bytes(content)
    done = served.run("verify", str(altered))
    assert (done.returncode, done.stdout[:12]) == (1, "not verified")

    task = admin.get("/tasks/INC-1")
    steps = served.run_json("replay", "INC-1", "--step")
    case = imported.truth[task["external_id"]]
    told = [each for each in steps if each["type"].startswith("TaskRecordImported")]
    assert len(told) == len(case)

    records = Counter(record.who for case in imported.truth.values() for record in case)
    name = next(who for who, count in records.most_common() if count <= 100)
    query = urlencode({"query": f'project = INC AND assignee WAS "{name}"'})
    person = next(
        each["assignee"]
        for each in admin.every(f"/tasks?{query}", "tasks")
        if each["assignee"]["name"] == name
    )
    with Person(served.url) as other:
        other.register()
        member = {"user_id": other.user["id"], "role": "admin"}
        admin.post(f"/workspaces/{workspace_id}/members", member)
        body = {"workspace_id": workspace_id, "content": True}
        asked = admin.post(f"/users/{person['user_id']}/erasure", body)
        other.position = admin.position
        done = other.post(f"/erasures/{asked['id']}/approval", {})
        assert done["state"] == "carried_out"
    file, events = exported("task.bundle", "--stream", "INC-1")
    assert events == len(steps)
    verified(file)
