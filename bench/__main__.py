"""`make bench`: every measurement, one after another, each in a process of its own."""

import subprocess
import sys

MEASUREMENTS = (
    "append", "projection", "http", "importing", "dependencies", "notifications", "history", "past",
    "large", "boards", "record", "steady",
)  # fmt: skip


def main() -> int:
    """All of them, or those named; options go on to each. The worst exit code."""
    named = [argument for argument in sys.argv[1:] if argument in MEASUREMENTS]
    options = [argument for argument in sys.argv[1:] if argument not in MEASUREMENTS]
    codes = []
    for name in named or MEASUREMENTS:
        print(f"== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"bench.{name}", *options]).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
