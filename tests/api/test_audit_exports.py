"""The trail as a file: it proves itself, holds nothing of anybody else, and leaves a trace."""

import csv
import io
import json
import os
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.record import times
from domain.record.checkpoint import parse_checkpoint
from domain.record.disclosure import open_field, place, sealed_fields
from domain.record.encoding import body_hash, leaf, link
from domain.record.note import parse_note
from domain.record.tree import leaf_hash, verify_inclusion
from domain.record.trust import parse_keys
from domain.record.verify import Verified, verify_bundle
from domain.values.recorded import Origin
from infra.event_store.rows import StoredRow
from infra.exports import saved
from infra.exports.exporter import AskedExport, Exporter
from infra.exports.filters import TrailFilter
from infra.exports.rows import envelope_of
from infra.exports.saved import forget_exports
from infra.exports.snapshot import Snapshot
from infra.exports.trail import Trail
from infra.ids import new_id
from tests.api.client import Api, pointers
from tests.api.product import Product
from tests.api.sealed import sealing
from tests.infra.processes.conftest import until


@pytest.fixture
async def sealed(product: Product) -> AsyncIterator[None]:
    async with sealing(product):
        yield


def verified(product: Product, content: bytes) -> Verified:
    """By the keys that the log publishes."""
    keys = product.settings.record_dir() / "tlog" / "keys.json"
    return verify_bundle(io.BytesIO(content), len(content), parse_keys(keys.read_bytes()))


async def begun(someone: Api, **asked: Any) -> str:
    """Where an export is that was just asked for."""
    answer = await someone.send("POST", "/audit/exports", {"format": "bundle", **asked})
    assert answer.status_code == 202, answer.text
    return answer.headers["Location"].removeprefix("/api/v1")


async def ended(someone: Api, path: str) -> dict[str, Any]:
    """An export, when nobody works on it any more."""

    async def is_over() -> bool:
        return bool((await someone.get(path))["state"] != "running")

    await until(is_over, what="an export")
    export: dict[str, Any] = await someone.get(path)
    return export


async def made(someone: Api, **asked: Any) -> dict[str, Any]:
    """An export, when it is whole."""
    export = await ended(someone, await begun(someone, **asked))
    assert export["state"] == "done", export
    return export


async def fetched(someone: Api, **asked: Any) -> bytes:
    export = await made(someone, **asked)
    answer = await someone.send("GET", export["url"].removeprefix("/api/v1"))
    assert answer.status_code == 200
    assert sha256(answer.content).hexdigest() == export["sha256"]
    return answer.content


async def test_a_bundle_proves_all_of_one_workspace_and_holds_nothing_of_another(
    product: Product, sealed: None, ada: Api, bob: Api
) -> None:
    for number in range(3):
        await ada.task(f"Mine {number}")
        await bob.task(f"Foreign secret {number}")
    content = await fetched(ada)
    found = verified(product, content)
    assert (found.complete_from, found.complete_to) == (1, found.head_count)
    assert found.events == found.head_count
    assert found.withheld == 0
    assert found.fields > 0
    for foreign in (bob.user_id, bob.user["default_workspace_id"], "Foreign secret"):
        assert foreign.encode() not in content


async def test_a_period_has_its_neighbours_as_edges_and_a_stream_leaves_the_rest_untold(
    product: Product, sealed: None, ada: Api
) -> None:
    tasks = [await ada.task(f"Task {number}") for number in range(5)]
    await fetched(ada)  # so that all of these are in the record
    rows = await product.do(_rows(product, ada.user["default_workspace_id"]))
    numbers = [_count_of(rows, tasks[number]["id"]) for number in (1, 3)]
    since, until = (times.written(rows[number - 1].recorded_at) for number in numbers)

    period = verified(product, await fetched(ada, **{"from": since, "to": until}))
    assert (period.complete_from, period.complete_to) == tuple(numbers)
    assert (period.events, period.withheld) == (numbers[1] - numbers[0] + 1, 0)

    content = await fetched(ada, stream=tasks[2]["id"], **{"from": since, "to": until})
    one = verified(product, content)
    assert (one.complete_from, one.complete_to) == tuple(numbers)
    assert (one.events, one.withheld) == (1, numbers[1] - numbers[0])
    withheld = rows[_count_of(rows, tasks[2]["id"])]
    assert withheld.payload not in content
    assert tasks[2]["id"].encode() in content

    nothing = verified(product, await fetched(ada, to="2020-01-31"))
    assert (nothing.complete_from, nothing.complete_to, nothing.events) == (1, 0, 0)
    by_ada = verified(product, await fetched(ada, actor=ada.user_id))
    assert (by_ada.withheld, by_ada.complete_to) == (0, by_ada.head_count)


async def test_every_line_of_jsonl_is_proven_by_itself(
    product: Product, sealed: None, ada: Api
) -> None:
    await ada.task("Told in a line")
    about, *lines = (await fetched(ada, format="jsonl")).decode().splitlines()
    head = json.loads(about)
    tree = parse_checkpoint(parse_note(head["checkpoint"].encode()).text)
    events = [json.loads(line) for line in lines]
    assert [each["count"] for each in events] == list(range(1, len(events) + 1))
    for event in events:
        row = _stored(event, head["workspace_id"])
        hashed = body_hash(row.workspace_id, envelope_of(row), sha256(row.payload).digest())
        now = link(event["count"], bytes.fromhex(event["previous_link"]), hashed)
        assert now.hex() == event["link"]
        proof = [b64decode(each) for each in event["proof"]]
        index, hashed = row.position - 1, leaf_hash(leaf(row.position, now))
        assert verify_inclusion(index, tree.size, hashed, proof, tree.root)
        fields = sealed_fields(row.payload, row.metadata)
        where = place(row.workspace_id, row.stream, row.version, row.type)
        for name, key in event["stored"]["keys"].items():
            assert open_field(b64decode(key), where + name.encode(), fields[name])
    created = next(each for each in events if each["type"] == "TaskCreated.v1")
    assert created["data"]["title"] == "Told in a line"
    assert created["metadata"]["actor"] == ada.user_id
    assert created["metadata"]["ip"] == "127.0.0.1"


async def test_a_table_tells_what_was_asked_for_and_nothing_else(
    product: Product, sealed: None, ada: Api
) -> None:
    task = await ada.task("In a table")
    export = await made(ada, format="csv", stream=task["id"])
    answer = await ada.send("GET", export["url"].removeprefix("/api/v1"))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    (line,) = csv.DictReader(io.StringIO(answer.text))
    assert (line["stream"], line["actor_id"]) == (task["id"], ada.user_id)
    assert export["events"] == 1


async def test_a_report_is_a_page_with_the_checkpoint_on_it(
    product: Product, sealed: None, ada: Api
) -> None:
    first, second = await ada.project("AA"), await ada.project("BB")
    path = f"/tasks/{(await ada.task('Reported', project_id=first['id']))['id']}"
    await ada.patch(path, {"title": "In the first"})
    await ada.post(f"{path}/move", {"project_id": second["id"]})
    await ada.patch(path, {"priority": 1})
    await ada.delete(path)
    assert (await ada.send("POST", f"{path}/purge")).status_code == 204
    page = (await fetched(ada, format="html", actor=ada.user_id)).decode()
    assert page.startswith("<!doctype html>")
    assert f"what was done by {ada.user_id}" in page
    assert f"{ada.user['name']} ({ada.user_id})" in page

    # Each act where it was done, though the task moved on and is gone.
    rows = re.findall(
        r'<th scope="row">(AA|BB) [^<]*</th><td class="count">\d+</td><td>(.*?)<', page
    )
    done = {key: set(re.findall(r"(Task\w+) 1\b", kinds)) for key, kinds in rows}
    assert {"TaskCreated", "TaskRetitled"} <= done["AA"]
    assert done["BB"] >= {"TaskMovedToProject", "TaskPrioritised", "TaskTrashed", "TaskPurged"}
    assert not done["AA"] & done["BB"]

    (note,) = re.findall("<pre>(.*?)</pre>", page, re.DOTALL)
    assert f"/{product.house.log_id}" in note
    (upto,) = re.findall(r"up to position ([\d,]+)", page)
    assert int(note.splitlines()[1]) >= int(upto.replace(",", "")) >= ada.position


async def test_all_projects_are_one_object_centric_log(
    product: Product, sealed: None, ada: Api
) -> None:
    tasks = [
        await ada.task("In one", project_id=(await ada.project(key))["id"]) for key in ("AA", "BB")
    ]
    told = json.loads(await fetched(ada, format="ocel2"))
    objects = {each["id"] for each in told["objects"]}
    assert {task["id"] for task in tasks} <= objects
    wanted = {"format": "ocel2", "actor": ada.user_id}
    problem = await ada.refused(422, "validation-failed", "POST", "/audit/exports", wanted)
    assert pointers(problem) == ["/actor"]


async def test_the_same_question_of_the_same_tree_gives_the_same_bytes_and_leaves_a_trace(
    product: Product, sealed: None, ada: Api, tmp_path: Path
) -> None:
    await ada.task("Twice")
    workspace_id = ada.user["default_workspace_id"]
    house = product.house
    taken: list[Snapshot] = []

    async def once(asked_of: str) -> Snapshot:
        if not taken:
            taken.append(await house.exporter.sources.take_snapshot(asked_of))
        return taken[0]

    exporter = Exporter(house.executor, replace(house.exporter.sources, take_snapshot=once))
    files = [tmp_path / "one.bundle", tmp_path / "two.bundle"]
    for file in files:
        asked = AskedExport(
            export_id=new_id("exp"),
            workspace_id=workspace_id,
            format="bundle",
            wanted=TrailFilter(actor=ada.user_id),
            origin=Origin(ada.user_id, via="cli"),
        )
        exported = await product.do(exporter.export(asked, file))
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(os.listdir(tmp_path)) == [file.name for file in files]  # noqa: PTH208

    reading = house.store.read_at([workspace_id], [exported.position], 1024 * 1024)
    recorded, _ = await product.do(reading)
    (told,) = await product.do(house.store.decode(recorded))
    assert told.stamp.actor == ada.user_id
    assert (told.event.format, told.event.filter) == ("bundle", {"actor": ada.user_id})
    assert told.event.digest == sha256(files[0].read_bytes()).hexdigest()
    assert told.event.events == exported.events > 0


async def test_who_may_not_read_the_trail_gets_none_and_who_lost_that_right_keeps_none(
    product: Product, sealed: None, ada: Api, bob: Api
) -> None:
    workspace_id = ada.user["default_workspace_id"]
    wanted = {"format": "bundle", "workspace_id": workspace_id}
    await bob.refused(422, "validation-failed", "POST", "/audit/exports", wanted)
    members = f"/workspaces/{workspace_id}/members"
    await ada.post(members, {"user_id": bob.user_id, "role": "member"})
    await bob.refused(403, "forbidden", "POST", "/audit/exports", wanted)
    await ada.patch(f"{members}/{bob.user_id}", {"role": "auditor"})
    export = await made(bob, workspace_id=workspace_id)
    path = f"/audit/exports/{export['id']}"
    await ada.refused(404, "not-found", "GET", path)
    await ada.delete(f"{members}/{bob.user_id}")
    await bob.refused(404, "not-found", "GET", path)
    await bob.refused(404, "not-found", "GET", f"{path}/file")


@pytest.fixture
def nowhere_to_write(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can be made."""
    making = product.house.exports.files.making
    monkeypatch.setattr(product.house.exports.files, "making", making.parent / "taken" / "making")
    making.parent.mkdir(parents=True, exist_ok=True)
    (making.parent / "taken").write_bytes(b"no folder")


async def test_what_can_never_be_made_is_given_up(
    sealed: None, nowhere_to_write: None, ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "_GIVEN_UP_AFTER", timedelta())
    failed = await ended(ada, await begun(ada, format="csv"))
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "dependency-down")
    assert (failed["url"], failed["events"]) == (None, None)


async def test_what_is_cancelled_is_not_tried_again(
    product: Product,
    sealed: None,
    nowhere_to_write: None,
    ada: Api,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(product.house.jobs.book, "lease", timedelta(seconds=0.2))
    path = await begun(ada, format="csv")
    job = f"/jobs/{(await ada.get(path))['job_id']}"
    await ada.post(f"{job}/cancel")
    failed = await ended(ada, path)
    assert (failed["state"], failed["problem"]["detail"]) == ("failed", "It was cancelled.")

    async def is_over() -> bool:
        return bool((await ada.get(job))["state"] == "cancelled")

    await until(is_over, what="its job")


async def test_what_is_forgotten_leaves_no_saved_export_behind(
    product: Product, sealed: None, ada: Api, bob: Api
) -> None:
    mine, other = await made(ada), await made(bob)
    exports = product.house.exports
    workspaces = [ada.user["default_workspace_id"]]
    done = await product.do(forget_exports(exports.book, exports.files, workspaces))
    assert done == 1
    gone = await ada.get(f"/audit/exports/{mine['id']}")
    assert (gone["state"], gone["url"], gone["expires_at"]) == ("gone", None, None)
    await ada.refused(404, "not-found", "GET", f"/audit/exports/{mine['id']}/file")
    kept = product.settings.data_dir / "exports" / "kept"
    assert not (kept / f"{mine['id']}.bundle").exists()
    assert (kept / f"{other['id']}.bundle").exists()


async def test_a_file_is_gone_when_its_time_is_over_and_not_when_it_is_swept(
    product: Product, sealed: None, ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/audit/exports/{(await made(ada))['id']}/file"
    await ada.send("GET", path)
    monkeypatch.setattr(product.house.exports, "_kept", timedelta(0))
    await ada.refused(404, "not-found", "GET", path)


def _count_of(rows: list[StoredRow], stream: str) -> int:
    """The number in the chain of the first event of a stream."""
    return next(number for number, row in enumerate(rows, 1) if row.stream == stream)


async def _rows(product: Product, workspace_id: str) -> list[StoredRow]:
    """A workspace's events as far as they are in the record."""
    sources = product.house.exporter.sources
    trail = Trail(sources.pool, workspace_id)
    summary = await sources.take_snapshot(workspace_id)
    batches = trail.batches(1, summary.place.chain.count)
    return [entry.row async for entries in batches for entry in entries]


def _stored(event: dict[str, Any], workspace_id: str) -> StoredRow:
    return StoredRow(
        event["position"],
        workspace_id,
        event["stream"],
        event["version"],
        event["type"],
        b64decode(event["stored"]["payload"]),
        b64decode(event["stored"]["metadata"]),
        times.read(event["recorded_at"]),
        event["number"],
    )
