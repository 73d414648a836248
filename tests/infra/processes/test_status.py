"""What is said of a role that several processes have."""

import pytest

from infra.processes.status import SILENT_AFTER_S, RoleStatus

LONG_AGO = SILENT_AFTER_S + 3


@pytest.mark.parametrize(
    ("said", "state", "wrong"),
    [
        ([("standing by", 1.0), ("running", 2.0)], "running", None),
        ([(None, 0.5)], "starting", None),
        ([("standing by", 1.0), ("running", LONG_AGO)], "standing by", None),
        ([("running", LONG_AGO)], "silent for 13 s", "silent for 13 s"),
        ([("starts over after X", 1.0)], "starts over after X", "starts over after X"),
        ([("starts over after X", 1.0), ("running", 1.0)], "running", None),
        ([("refuses: Y", 1.0), ("running", 1.0)], "refuses: Y", "refuses: Y"),
    ],
)
def test_one_that_runs_is_enough_unless_another_refuses(
    said: list[tuple[str | None, float]], state: str, wrong: str | None
) -> None:
    assert RoleStatus.of(said) == RoleStatus(state, wrong)


def test_a_role_that_runs_nowhere_is_not_named() -> None:
    assert RoleStatus.of([]) is None
