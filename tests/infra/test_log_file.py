"""What a child prints is kept, but never without bound."""

import os
from pathlib import Path

import pytest

from infra import log_file
from infra.log_file import LogFile
from tests.waiting import until


def kept_by(log: LogFile, *chunks: bytes) -> None:
    reading, writing = os.pipe()
    log.follow(os.fdopen(reading, "rb"))
    for chunk in chunks:
        os.write(writing, chunk)
    os.close(writing)
    log.finish(10)


def test_it_keeps_the_newest_within_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "_FILE_BYTES", 10_000)
    log = LogFile(tmp_path / "child.log")
    kept_by(log, *(b"%04d %s\n" % (n, b"x" * 94) for n in range(1_000)))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["child.log", "child.log.1", "child.log.2"]
    text = "".join((tmp_path / name).read_text() for name in reversed(names))
    lines = [int(line[:4]) for line in text.splitlines()]
    assert lines == list(range(lines[0], 1_000))
    assert len(lines) >= 200
    assert log.last_lines[-1].startswith("0999 ")


def test_it_shows_warnings_and_what_is_no_log_line(tmp_path: Path) -> None:
    shown: list[bytes] = []
    kept_by(
        LogFile(tmp_path / "child.log", shown.append),
        b'{"event":"request","level":"info"}\n{"event":"lost","lev',
        b'el":"warning"}\nTraceback (most recent call last):\n',
    )
    assert shown == [
        b'{"event":"lost","level":"warning"}\n',
        b"Traceback (most recent call last):\n",
    ]


def test_the_next_life_of_a_child_goes_on_in_the_same_file(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "child.log")
    kept_by(log, b"first\n")
    kept_by(log, b"second\n")
    assert (tmp_path / "child.log").read_text() == "first\nsecond\n"
    assert log.last_lines == ["second"]


def test_a_file_that_cannot_be_opened_yet_stops_nobody_and_is_tried_again(tmp_path: Path) -> None:
    shown: list[bytes] = []
    log = LogFile(tmp_path / "logs" / "child.log", shown.append)
    reading, writing = os.pipe()
    log.follow(os.fdopen(reading, "rb"))
    os.write(writing, b"lost\n")
    until("the line was taken", 10, lambda: shown)
    log.path.parent.mkdir()
    os.write(writing, b"kept\n")
    os.close(writing)
    log.finish(10)
    assert log.path.read_text() == "kept\n"
