"""`make demo`: serve from a data folder of its own, with a small made sample in it."""

import http.client
import subprocess
import sys
import time
from pathlib import Path

from infra.settings import Settings, child_environment

HOUSE = Path(__file__).parent.parent
SAMPLE = HOUSE / "tests" / "samples" / "helpdesk.xes"
PROJECT = "DEMO"
_POLL_SECONDS = 0.1


def main() -> int:
    settings = Settings.load()
    if settings.data_dir == Settings.model_fields["data_dir"].default:
        settings = settings.model_copy(update={"data_dir": HOUSE / ".data" / "demo"})
    environment = child_environment(settings.as_environment())
    taskledger = [sys.executable, "-m", "api.cli.main"]
    serving = subprocess.Popen(
        [*taskledger, "serve", "--embedded", "--with-parent"], env=environment
    )
    try:
        while not is_ready(settings):
            if serving.poll() is not None:
                return serving.returncode
            time.sleep(_POLL_SECONDS)
        brought_in = subprocess.run(
            [*taskledger, "import", "xes", str(SAMPLE), "--project", PROJECT],
            env=environment,
            check=False,
        )
        if brought_in.returncode == 0:
            sys.stdout.write(
                f"\nThe sample is in project {PROJECT}. Log in as shown above (POST "
                f"/api/v1/auth/login), then GET /api/v1/projects/{PROJECT}/board.\n"
            )
            sys.stdout.flush()
        return serving.wait()
    except KeyboardInterrupt:  # it reached the served product as well, which stops in order
        return serving.wait()


def is_ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
