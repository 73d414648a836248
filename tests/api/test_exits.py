"""What a person is told on the command line, and the code that it ends with."""

from pathlib import Path

from api.cli.exits import explain, unwritable
from domain.errors import Invalid, Problem, invalid
from infra.record.files import FilesAway


def test_what_is_wrong_is_told_by_its_name():
    one, two = Problem("/from", "invalid", "No time."), Problem("/query/as_of", "x", "Too late.")
    assert explain(Invalid(one, two)) == (2, "from: No time. as_of: Too late.")
    assert explain(invalid("", "Too many.")) == (2, "Too many.")


def test_a_part_that_is_away_is_no_fault_of_the_file():
    file = Path("trail.bundle")
    full = unwritable(file, OSError(28, "No space left on device"))
    assert (full.code, full.message) == (
        2,
        "trail.bundle cannot be written: No space left on device.",
    )
    for away in (FilesAway("the store does not answer"), TimeoutError()):
        assert unwritable(file, away).code == 3
