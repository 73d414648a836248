"""What is said of a role that several processes have."""

from datetime import UTC, datetime

import pytest

from infra.processes.log import Head
from infra.processes.status import (
    SILENT_AFTER_S,
    FlowStatus,
    ProcessStatus,
    RelayStatus,
    RoleStatus,
    ViewStatus,
)

LONG_AGO = SILENT_AFTER_S + 3
NOW = datetime(2024, 1, 1, tzinfo=UTC)
HEAD = Head("a-log", 10)


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


@pytest.mark.parametrize(
    ("roles", "lag_s", "wrong"),
    [
        (("relay", "projector"), 29.0, []),
        (("relay", "projector"), 64.2, ["tasks is 64 s behind"]),
        (("relay",), 64.2, ["tasks is 64 s behind, and no projector runs"]),
    ],
)
def test_views_that_nobody_brings_on_are_for_a_person_to_look_at(
    roles: tuple[str, ...], lag_s: float, wrong: list[str]
) -> None:
    views = [ViewStatus(name, 1, 7, 3, lag, 0) for name, lag in (("board", 1.0), ("tasks", lag_s))]
    status = FlowStatus(
        HEAD,
        RelayStatus("running", None, 10, 1, "me", 0.1, HEAD.log_id),
        tuple(views),
        (),
        (),
        (ProcessStatus("me", roles, NOW, 0.1, {}),),
    )
    assert status.wrong == wrong
