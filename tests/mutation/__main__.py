"""Mutation testing of the domain: how many small wrong changes of it its tests find.

What was found out stays while the domain and its tests stay as they are, so a run that was stopped
goes on where it was; any change begins anew.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import Stat, collect_stat
from mutmut.utils.file_utils import walk_mutatable_files

FLOOR = 90.0
"""Per cent of the mutants that the tests must kill."""

_WORK = Path("mutants")
_TESTED = ("domain", "tests/domain", "tests/mutation", "tests/record")
_LINE = "| {:<35} | {:>7} | {:>6} | {:>8} | {:>8} | {:>8} | {:>7} |"


def main(arguments: list[str]) -> int:
    _begin_anew_after_a_change()
    mutmut = Path(sys.executable).with_name("mutmut")
    done = subprocess.run([mutmut, "run", *arguments], check=False)
    if done.returncode:
        return done.returncode
    return 0 if _told() >= FLOOR else 1


def _begin_anew_after_a_change() -> None:
    files = sorted(path for each in _TESTED for path in Path(each).rglob("*.py"))
    digest = hashlib.sha256()
    for path in (*files, Path("requirements/dev.txt")):
        digest.update(f"{path}\n".encode() + path.read_bytes())
    tested, now = _WORK / "tested", digest.hexdigest()
    if not tested.exists() or tested.read_text() != now:
        shutil.rmtree(_WORK, ignore_errors=True)
        _WORK.mkdir()
        tested.write_text(now)


def _told() -> float:
    """Prints the table as it stands in `docs/mutants.md`; gives the score over all."""
    print(_LINE.format("module", "mutants", "killed", "timeouts", "survived", "no tests", "score"))
    print(_LINE.format("---", *["---:"] * 6))
    found = [(str(path.with_suffix("")), _stat(path)) for path in sorted(walk_mutatable_files())]
    rows = [(name.replace("/", "."), stat) for name, stat in found if stat.total]
    for name, stat in rows:
        print(_row(name, [stat]))
    print(_row("all", [stat for _, stat in rows]))
    return _score([stat for _, stat in rows])


def _stat(path: Path) -> Stat:
    data = SourceFileMutationData(path=path)
    data.load()
    return collect_stat(data)


def _row(name: str, stats: list[Stat]) -> str:
    return _LINE.format(
        name,
        sum(each.total for each in stats),
        sum(each.killed for each in stats),
        sum(each.timeout for each in stats),
        sum(each.survived for each in stats),
        sum(each.no_tests for each in stats),
        f"{_score(stats):.1f} %",
    )


def _score(stats: list[Stat]) -> float:
    """A mutant without an end is found as well: its test is stopped, and fails."""
    found = sum(each.killed + each.timeout for each in stats)
    return 100 * found / max(1, sum(each.total for each in stats))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
