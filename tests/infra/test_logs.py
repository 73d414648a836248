"""Log lines: one JSON object each, with the request that caused them, and without secrets."""

import json
import subprocess
import sys

_PROGRAM = """
import logging
import structlog
from infra import logs

logs.configure("info", "api")
logs.work_id.set("request-1")
log = structlog.get_logger("test")
log.info("done", answer=42, odd={1, 2})
log.debug("not told")
logging.getLogger("library").warning("from a library")
logging.getLogger("library").info("not told either")
try:
    password = "hunter2"
    raise ValueError("broken")
except ValueError:
    log.exception("failed")
"""


def test_lines_are_json_with_the_request_and_without_local_values() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    assert "hunter2" not in run.stderr.replace('password = "hunter2"', "")
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["done", "from a library", "failed"]
    assert {line["request_id"] for line in lines} == {"request-1"}
    assert {line["role"] for line in lines} == {"api"}
    assert lines[0]["answer"] == 42
    assert lines[2]["exception"][0]["exc_value"] == "broken"
