"""Log lines: one JSON object each, with the request that caused them, and without secrets."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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

_UNHEARD = """
import logging, os, sys
import structlog
from infra import logs

logs.configure("info", "api")
if sys.argv[1] == "closed":
    sys.stderr.close()
structlog.get_logger("test").info("lost")
logging.getLogger("library").warning("lost too")
print("went on", flush=True)
os._exit(0)  # an end in order would try once more to write what is left
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


@pytest.mark.parametrize("stream", ["closed", "full", "unread"])
def test_a_line_that_cannot_be_written_stops_nobody(stream: str) -> None:
    with _unwritable(stream) as stderr:
        run = subprocess.run(
            [sys.executable, "-c", _UNHEARD, stream],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=True,
        )
    assert run.stdout == "went on\n"


@contextmanager
def _unwritable(stream: str) -> Iterator[int]:
    """A full disk, or a pipe whose other end is closed."""
    if stream == "full":
        writing = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, writing = os.pipe()
        os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)
