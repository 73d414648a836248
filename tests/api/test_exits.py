"""What a person is told on the command line, and the code that it ends with."""

import os
from pathlib import Path

import pytest

from api.cli.exits import explain, unwritable
from api.cli.incarnation import account
from api.cli.main import run
from domain.errors import Invalid, Problem, invalid
from infra.event_store.store import LogIncomplete
from infra.record.files import FilesAway


def test_what_is_wrong_is_told_by_its_name():
    one, two = Problem("/from", "invalid", "No time."), Problem("/query/as_of", "x", "Too late.")
    assert explain(Invalid(one, two)) == (2, "from: No time. as_of: Too late.")
    assert explain(invalid("", "Too many.")) == (2, "Too many.")


def test_a_file_that_nobody_named_and_a_log_with_a_gap_are_told_as_well():
    closed = PermissionError(13, "Permission denied", "data/record/keys.json")
    assert explain(closed) == (2, "data/record/keys.json: Permission denied.")
    assert explain(OSError(28, "No space left on device")) is None
    gap = LogIncomplete("log.events does not have all of the positions 1 to 9")
    assert explain(gap) == (1, str(gap))


def test_a_part_that_is_away_is_no_fault_of_the_file():
    file = Path("trail.bundle")
    full = unwritable(file, OSError(28, "No space left on device"))
    assert (full.code, full.message) == (
        2,
        "trail.bundle cannot be written: No space left on device.",
    )
    for away in (FilesAway("the store does not answer"), TimeoutError()):
        assert unwritable(file, away).code == 3


def test_a_key_that_is_none_is_told_however_long_it_is(capsys: pytest.CaptureFixture[str]):
    assert run(["verify", __file__, "--key", "k" * 2_000]) == 2
    assert "neither a file nor a verifier key" in capsys.readouterr().err


def test_an_account_without_a_name_declares_by_its_number(monkeypatch: pytest.MonkeyPatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert account() == "uid 2147483641"


def test_an_incarnation_is_declared_by_whoever_says_why(capsys: pytest.CaptureFixture[str]):
    assert run(["incarnation", "declare", "--reason", " "]) == 2
    assert "--reason" in capsys.readouterr().err
