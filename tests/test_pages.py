"""Every shell snippet of the README and of the tours is run and prints what its page says."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.served import Served, serving

_HOUSE = Path(__file__).parent.parent
_README = _HOUSE / "README.md"
_PAGES = (_README, _HOUSE / "docs" / "tour.md", _HOUSE / "docs" / "audit-tour.md")
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BETWEEN = "-- the next snippet --"
_ADDRESS = "127.0.0.1:8000"
_PROGRAMS = ("bash", "curl", "jq")
# What differs from run to run, and what stands for it.
_VOLATILE = (
    (re.compile(r"\b(user|ws|proj|task|cmt|act)_[0-9a-z]{26}\b"), r"\1_..."),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"[\d,.]+(?=(/s| s)\b)"), "N"),
)


@dataclass(frozen=True, slots=True)
class Snippet:
    shell: str
    printed: str | None
    """What the block after it shows; None where there is none."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "served") as product:
        yield product


@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_each_snippet_prints_what_its_page_shows(
    page: Path, served: Served, tmp_path: Path
) -> None:
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"the snippets need {', '.join(missing)}")
    snippets = [each for each in _snippets(page) if not each.shell.startswith("make ")]
    assert any(each.printed for each in snippets)

    # As in a clone: its programs in `.venv`, its data in `.data`.
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / ".data").symlink_to(served.data)
    (tmp_path / "tests").symlink_to(_HOUSE / "tests")
    script = f"\necho '{_BETWEEN}'\n".join(each.shell for each in snippets)
    environment = served.environment() | {"TASKLEDGER_DATA_DIR": ".data", "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", _here(script, served)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for snippet, printed in zip(snippets, done.stdout.split(f"{_BETWEEN}\n"), strict=True):
        expected = _here(snippet.printed or "", served)
        assert _steady(printed) == _steady(expected), snippet.shell


def _snippets(page: Path) -> Iterator[Snippet]:
    """Each `sh` block, with the block of output that stands between it and the next."""
    blocks = _FENCED.findall(page.read_text())
    for (language, text), (after, shown) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language == "sh":
            yield Snippet(text, shown if after in ("text", "json") else None)


def _here(text: str, served: Served) -> str:
    return text.replace(_ADDRESS, served.url.removeprefix("http://"))


def _steady(printed: str) -> str:
    for pattern, word in _VOLATILE:
        printed = pattern.sub(word, printed)
    return "\n".join(line.rstrip() for line in printed.strip().splitlines())
