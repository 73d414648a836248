"""What nobody changes is as the standard library's, but for who watches over it."""

import subprocess
import sys
from dataclasses import dataclass as of_the_library
from dataclasses import fields, replace

import pytest

from domain.values.frozen import dataclass

_CHANGES_A_STAMP = """
from datetime import UTC, datetime
from domain.values.stamp import Stamp
Stamp("ws", "task", 1, "user", datetime.now(UTC)).version = 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    name: str
    number: int = 1


@of_the_library(frozen=True, slots=True, kw_only=True)
class Theirs:
    name: str
    number: int = 1


def test_it_is_compared_hashed_and_copied_by_its_fields():
    ours, theirs = Ours(name="a"), Theirs(name="a")
    assert [each.name for each in fields(Ours)] == [each.name for each in fields(Theirs)]
    assert ours == Ours(name="a", number=1)
    assert ours != replace(ours, number=2)
    assert hash(ours) == hash(theirs)
    assert len({ours, Ours(name="a"), replace(ours, name="b")}) == 2
    with pytest.raises(AttributeError):
        ours.another = 1  # type: ignore[attr-defined]


def test_a_hash_of_its_own_is_left_alone():
    @dataclass(frozen=True, slots=True)
    class ByName:
        name: str
        number: int

        def __hash__(self) -> int:
            return hash(self.name)

    assert hash(ByName("a", 1)) == hash("a")


@pytest.mark.parametrize(("mode", "refused"), [((), False), (("-X", "dev"), True)])
def test_development_mode_refuses_whoever_changes_one(mode: tuple[str, ...], refused: bool):
    ran = subprocess.run(
        [sys.executable, *mode, "-c", _CHANGES_A_STAMP], capture_output=True, text=True, check=False
    )
    assert ("FrozenInstanceError" in ran.stderr) == refused
    assert bool(ran.returncode) == refused
