"""Relay and projector as processes of their own, as on several machines: each killed alone."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from infra.settings import PREFIX
from tests.e2e.person import Person
from tests.e2e.served import BACKGROUND, READY_WITHIN_S, Served
from tests.faults.load import Load
from tests.faults.truth import assert_healed, assert_views_equal_a_replay
from tests.waiting import until

_ENOUGH = 60

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """By role. The first has the door and the parts; the second is told where they are."""
    place = tmp_path_factory.mktemp("apart")
    first = Served(place / "first", {"ROLES": "api,relay", "RATE_LIMIT_PER_MINUTE": "0"})
    with ExitStack() as started:
        first.spawn()
        started.callback(first.stop)
        told = first.data / "urls.json"
        until("the parts run", READY_WITHIN_S, lambda: first.is_running and told.exists())
        urls = {n.removeprefix(PREFIX): url for n, url in json.loads(told.read_text()).items()}
        key = {"MASTER_KEY_FILE": str(first.data / "master.key")}
        second = Served(place / "second", {"ROLES": "projector", **urls, **key})
        second.spawn()
        started.callback(second.stop)
        first.await_ready(READY_WITHIN_S)
        yield {"relay": first, "projector": second}
        assert_views_equal_a_replay(first)


@pytest.mark.parametrize("role", ["relay", "projector"])
def test_each_role_may_die_alone(role: str, machines: dict[str, Served], rounds: int) -> None:
    door = machines["relay"]
    with Person(door.url) as person:
        person.register()
        project = person.project("APART")
        with Load(person, project["id"]) as load:
            for _ in range(rounds):
                load.acknowledges(_ENOUGH)
                machines[role].kill_one(BACKGROUND)
                load.acknowledges(_ENOUGH)
        assert_healed(door, person, load)
