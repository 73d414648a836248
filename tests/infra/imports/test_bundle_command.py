"""`taskledger import bundle` looks at the file before it looks for a product."""

from pathlib import Path

import pytest

from api.cli.main import run
from tests.record.made import parts_of, signer, small_log

KEY = signer().key.encode()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TASKLEDGER_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "made.bundle"
    file.write_bytes(parts_of(small_log()).bundle())
    return file


def test_what_is_not_verified_is_not_imported(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["import", "bundle", str(bundle)]
    assert run(asked) == 2
    assert "give --key" in capsys.readouterr().err
    assert run([*asked, "--key", signer(2).key.encode()]) == 1
    assert run([*asked, "--key", KEY, "--workspace", "ws_other"]) == 1
    assert "Nothing was imported." in capsys.readouterr().err
    content = bytearray(bundle.read_bytes())
    content[content.index(b"TaskStatusChanged")] ^= 1
    bundle.write_bytes(content)
    assert run([*asked, "--key", KEY]) == 1
    assert "event 5 of the workspace, position 10. Nothing was" in capsys.readouterr().err
    assert run(["import", "bundle", str(bundle) + ".gone", "--key", KEY]) == 2
    assert run([*asked, "--key", KEY, "--trust-bundle-key"]) == 2
