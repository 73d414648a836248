"""What the tests of the fork server have it fork: says what it was given, then does as told."""

import json
import os
import signal
import sys
from pathlib import Path

from commands.execution import random_tail

IMPORTED_BY = os.getpid()


def main() -> None:
    told = {
        "arguments": sys.argv,
        "imported_here": os.getpid() == IMPORTED_BY,
        "environment": dict(os.environ),
        "shown_as": Path("/proc/self/comm").read_text().strip(),
        "tail": random_tail(),
        "session": os.getsid(0) == os.getpid(),
    }
    if "GIVEN_FD" in os.environ:
        os.write(int(os.environ["GIVEN_FD"]), b"heard")
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    match sys.argv[1:]:
        case ["exit", code]:
            sys.exit(int(code))
        case ["wait"]:
            signal.pause()
        case _:
            raise ValueError(sys.argv)
