import os
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEM = Path("/sys/kernel/mm/transparent_hugepage/enabled")

HOLD_MUCH = """
from pathlib import Path
from infra.processes.large_pages import take_large_pages

held = [str(number) for number in range(200_000)]
for system in ({never!r}, {system!r}):
    take_large_pages(Path(system))
    flags = [each.split() for each in Path("/proc/self/smaps").read_text().splitlines()]
    print(any(each[0] == "VmFlags:" and "hg" in each for each in flags))
"""


@pytest.mark.skipif(
    not SYSTEM.exists() or "[never]" in SYSTEM.read_text(), reason="no large pages on this machine"
)
def test_memory_goes_into_large_pages_unless_the_machine_shall_have_none(tmp_path: Path) -> None:
    (tmp_path / "enabled").write_text("always madvise [never]\n")

    told = subprocess.run(
        [sys.executable, "-c", HOLD_MUCH.format(never=str(tmp_path), system=str(SYSTEM.parent))],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        text=True,
    )

    assert told.stdout.split() == ["False", "True"]
