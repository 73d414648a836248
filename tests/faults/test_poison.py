"""An event that no view can apply: its stream alone waits, is shown, and is healed in order."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.e2e.person import Person
from tests.faults.given import Given
from tests.faults.truth import assert_views_equal_a_replay

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_SPOILT = {
    "bytes that are no event": "NEW.payload := '\\xc1'::bytea",
    "a type that nobody knows": "NEW.type := 'TaskBewitched.v1'",
}


@pytest.mark.parametrize("spoilt", _SPOILT)
def test_a_poison_event_parks_its_stream_alone_and_one_command_heals_it(
    spoilt: str, product: Given, someone: Person
) -> None:
    project = someone.project("BAD")
    victim = someone.task(project["id"], "To be spoilt")
    other = someone.task(project["id"], "To be left alone")
    changes = {"priority": "critical", "title": "Later", "status": "in_progress"}
    with _spoiling(product, victim["id"], _SPOILT[spoilt]):
        someone.patch(f"/tasks/{victim['id']}", changes)
    someone.patch(f"/tasks/{other['id']}", {"title": "Left alone"})
    product.served.await_views(someone.position)

    # The rest goes on; what is old is named as such.
    tasks = f"/tasks?project_id={project['id']}"
    shown = {task["id"]: task for task in someone.every(tasks, "tasks")}
    assert shown[other["id"]]["title"] == "Left alone"
    assert shown[victim["id"]]["priority"] == "medium"
    for path in (tasks, f"/projects/{project['id']}/board"):
        assert victim["id"] in someone.ask("GET", path).headers["X-Stale-Streams"]
    parked = product.served.run_json("dead-letters", "list")
    assert {letter["stream"] for letter in parked} == {victim["id"]}
    assert all(letter["error"] for letter in parked)
    assert product.served.run("status").returncode == 1  # something needs a person
    metrics = httpx.get(f"{product.served.url}/metrics", timeout=10).text
    assert re.search(r'^taskledger_dead_letters{view="tasks"} [1-9]', metrics, re.MULTILINE)

    _mend(product)
    done = product.served.run("dead-letters", "retry", "--all")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert product.served.run_json("dead-letters", "list") == []
    answer = someone.ask("GET", tasks)
    assert "X-Stale-Streams" not in answer.headers
    healed = {task["id"]: task for task in answer.json()["tasks"]}[victim["id"]]
    assert changes.items() <= healed.items()
    actions = {a["action"] for a in someone.get(f"/tasks/{victim['id']}/activity")["activities"]}
    assert {"task_created", "priority_changed", "title_changed", "status_changed"} <= actions
    if "type" in spoilt:
        # The trail waits for nothing: it has the type as it stood before the log was changed.
        assert product.served.run("rebuild", "trail", "--yes").returncode == 0
    assert_views_equal_a_replay(product.served)


@contextmanager
def _spoiling(product: Given, stream: str, spoil: str) -> Iterator[None]:
    """What is appended to this stream about a priority is spoilt on its way into the log; the
    true row is kept aside."""
    with psycopg.connect(product.superuser_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.true_events")
        connection.execute("CREATE TABLE public.true_events (LIKE log.events)")
        connection.execute(
            "CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
            f" BEGIN IF NEW.stream = '{stream}' AND NEW.type LIKE 'TaskPriori%' THEN"
            " INSERT INTO public.true_events SELECT (NEW).*;"
            f" {spoil}; END IF; RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER spoil BEFORE INSERT ON log.events"
            " FOR EACH ROW EXECUTE FUNCTION public.spoil()"
        )
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION public.spoil CASCADE")


def _mend(product: Given) -> None:
    """Stands for a version of the product that understands what this one did not."""
    with psycopg.connect(product.superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # past the append-only trigger
        mended = connection.execute(
            "UPDATE log.events e SET type = t.type, payload = t.payload"
            " FROM public.true_events t WHERE t.position = e.position"
        )
        assert mended.rowcount == 1
