"""A trail taken away and verified by itself, and the system that it came from."""

from pathlib import Path

import pytest

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

    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    assert served.run("verify", str(file)).returncode == 1

    refused = served.run("export", "bundle", *asked, "--from", "2026-02-01", "--to", "2026-01-01")
    assert refused.returncode == 2
    assert file.read_bytes() == content


def test_the_live_system_is_verified(served: Served, person: Person) -> None:
    (found,) = served.run_json("verify", "--database")
    assert found["verified"] is True
    assert 0 < found["tree_size"] <= found["position"]
    assert found["missing_files"] == []
