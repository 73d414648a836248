"""The import of a real company's log: seconds until every view has it, and memory."""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from bench.servers import own_folder, parts, product
from bench.table import verdict

LOG = Path(__file__).resolve().parents[2] / "shared" / "data" / "bpic2013_incidents.xes.gz"
AT_MOST_S = 45.0
AT_MOST_MIB = 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.importing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same: it runs once")
    parser.add_argument("--file", type=Path, default=LOG, help="another log")
    options = parser.parse_args()
    if not options.file.is_file():
        print(f"There is no log at {options.file}: nothing was measured.")
        return 0
    with (
        own_folder() as folder,
        parts(folder / "parts") as embedded,
        product(embedded, folder / "product") as server,
    ):
        done = subprocess.run(
            [sys.executable, "-m", "api.cli.main", "import", "xes", options.file, "--json"],
            env={**os.environ, **server.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        largest_mib = max(*server.peaks_mib(), _of_those_that_ended_mib())
    if done.returncode:
        return done.returncode
    summary = json.loads(done.stdout.splitlines()[-1])
    seconds, events = summary["seconds"], summary["events"]
    kept = seconds <= AT_MOST_S and largest_mib <= AT_MOST_MIB
    print(verdict(kept, (
        f"every view had {events:,} events after {seconds:.1f} s (at most {AT_MOST_S:.0f}),"
        f" {events / seconds:,.0f} a second; the largest process took {largest_mib} MiB (at most"
        f" {AT_MOST_MIB})"
    )))  # fmt: skip
    return 0


def _of_those_that_ended_mib() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
