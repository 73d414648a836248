"""A process that runs the embedded parts until it is ended; what the tests beside it start."""

import json
import signal
import sys
from pathlib import Path

from infra.embedded.errors import FolderInUse, PartFailed
from infra.embedded.folder import DataFolder
from infra.embedded.parts import EmbeddedParts


def main() -> None:
    try:
        folder = DataFolder.open(Path(sys.argv[1]))
        parts = EmbeddedParts.within(folder)
        parts.start()
    except (FolderInUse, PartFailed) as error:
        sys.exit(str(error))
    told = {"urls": parts.urls(), "pids": [part.pid for part in parts]}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM})
    parts.stop()
    folder.close()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
