"""kill -9 of each part while people write and read."""

import os
import shutil
import signal

import pytest

from tests.e2e.person import Person
from tests.e2e.served import (
    API_WORKER,
    BACKGROUND,
    NATS,
    POSTGRESQL,
    VALKEY,
    Served,
)
from tests.faults.load import Load
from tests.faults.truth import check_all_is_true
from tests.waiting import until

_ENOUGH = 60  # acknowledged writes before and after each blow

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.mark.parametrize("part", [API_WORKER, BACKGROUND, NATS, POSTGRESQL, VALKEY])
def test_a_killed_part_loses_and_doubles_nothing(
    part: str, served: Served, person: Person, rounds: int
) -> None:
    project = person.project("KILL")
    with Load(person, project["id"]) as load:
        for _ in range(rounds):
            load.acknowledges(_ENOUGH)
            served.kill_one(part)
            load.acknowledges(_ENOUGH)
    check_all_is_true(served, person, load)


def test_everything_killed_at_once_comes_back(served: Served, person: Person) -> None:
    project = person.project("ALL")
    with Load(person, project["id"]) as load:
        load.acknowledges(_ENOUGH)
        before = served.children()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(
            "every child started again",
            30,
            lambda: (
                sorted((now := served.children()).values()) == sorted(before.values())
                and not now.keys() & before.keys()
            ),
        )
        load.acknowledges(_ENOUGH)
    check_all_is_true(served, person, load)


def test_a_deleted_jetstream_folder_is_healed_within_ten_seconds(
    served: Served, person: Person, rounds: int
) -> None:
    project = person.project("GONE")
    folder = served.data / "nats" / "jetstream"
    assert any(folder.rglob("*.blk"))
    with Load(person, project["id"]) as load:
        for restarted in [False, True] * rounds:
            load.acknowledges(_ENOUGH)
            # A NATS that goes on running keeps its open files, and makes no new folder.
            shutil.rmtree(folder, ignore_errors=True)
            if restarted:
                served.kill_one(NATS)
            load.acknowledges(1)
            served.await_views(load.last_position, within_s=10)
            load.acknowledges(_ENOUGH)
    check_all_is_true(served, person, load)
