"""A trail taken away and verified by itself, and the system that it came from."""

import json
from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM, browsing
from tests.e2e.person import Person
from tests.e2e.served import Served

pytestmark = pytest.mark.timeout(180)


def test_a_bundle_is_exported_verified_and_not_verified_any_more(
    served: Served, person: Person, tmp_path: Path
) -> None:
    person.task(person.project("AUD")["id"], "Taken away")
    workspace_id = person.user["default_workspace_id"]
    file = tmp_path / "trail.bundle"
    asked = ["--workspace", workspace_id, "--out", str(file)]
    (told,) = served.run_json("export", "bundle", *asked)
    assert told["events"] >= 4
    assert told["bytes"] == file.stat().st_size

    (found,) = served.run_json("verify", str(file))
    assert (found["verified"], found["trusted"]) == (True, True)
    assert (found["complete_from"], found["complete_to"]) == (1, told["events"])

    asked_by_key = [*asked, "--stream", "AUD-1"]
    (told,) = served.run_json("export", "bundle", *asked_by_key)
    (found,) = served.run_json("verify", str(file))
    assert found["filter"]["stream"].startswith("task_")

    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    assert served.run("verify", str(file)).returncode == 1

    refused = served.run("export", "bundle", *asked, "--from", "2026-02-01", "--to", "2026-01-01")
    assert refused.returncode == 2
    assert file.read_bytes() == content


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_the_page_verifies_and_reads_what_was_exported(
    served: Served, person: Person, tmp_path: Path
) -> None:
    project = person.project("PAGE")["id"]
    person.task(project, "Read in a browser")
    file = tmp_path / "trail.bundle"
    workspace_id = person.user["default_workspace_id"]
    (told,) = served.run_json("export", "bundle", "--workspace", workspace_id, "--out", str(file))
    keys = json.dumps((served.data / "record" / "keys.json").read_text())
    with browsing(tmp_path / "profile") as page:
        page.open((Path(__file__).parents[2] / "docs" / "verify.html").as_uri())
        page.choose("#file", file)
        page.run("window.file = document.getElementById('file').files[0]; 0")
        line = page.run(f"verify(file, [{keys}], {{}}).then((found) => found.line)")
        assert line.startswith(f"verified: {told['events']} events, complete from 1 to ")
        page.run("document.getElementById('by-text').value = 'in a browser'")
        rows = "[...document.querySelectorAll('.row')].map((each) => each.textContent)"
        shown = f"verify(file, [{keys}], {{}}).then(({{ found }}) => show(file, found))"
        (row,) = page.run(f"{shown}.then(() => {rows})")
        assert "TaskCreated.v1" in row
        assert page.said == []


def test_the_live_system_is_verified(served: Served, person: Person) -> None:
    (found,) = served.run_json("verify", "--database")
    assert found["verified"] is True
    assert 0 < found["tree_size"] <= found["position"]
    assert found["missing_files"] == []
