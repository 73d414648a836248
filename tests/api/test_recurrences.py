"""Tasks that come again, over HTTP, and the scheduler that makes them."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from infra.executors import utc_now
from infra.ids import new_id
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.recurrence_queries import RecurrenceQueries
from infra.processes.chores import Occurrences
from infra.processes.executing import open_executor
from infra.processes.scheduler import Scheduler
from infra.processes.workplace import open_workplace
from infra.tasks import cancelled
from tests.api.client import Api, pointers
from tests.api.product import Product
from tests.infra.processes.conftest import until


async def test_a_task_that_is_done_comes_again(ada: Api) -> None:
    task = await ada.task("Water the plants", due_date="2030-03-04", start_date="2030-03-02")
    path = f"/tasks/{task['id']}/recurrence"
    series = await ada.put(path, {"rule": "rrule:freq=weekly;byday=mo", "time_zone": "UTC"})
    assert series["rule"] == "FREQ=WEEKLY;BYDAY=MO"
    assert (series["due_date"], series["due_all_day"]) == ("2030-03-04T23:59:59Z", True)
    assert (series["next_at"], series["ordinal"]) == ("2030-03-11T23:59:59Z", 1)

    await ada.patch(f"/tasks/{task['id']}", {"status": "done"})
    later = await ada.get(path)
    assert (later["ordinal"], later["next_at"]) == (2, "2030-03-18T23:59:59Z")
    following = await ada.get(f"/tasks/{later['task_id']}")
    assert (following["title"], following["status"]) == (task["title"], "todo")
    assert (following["due_date"], following["due_all_day"]) == ("2030-03-11T23:59:59Z", True)
    assert following["start_date"] == "2030-03-09T00:00:00Z"
    assert following["key"] != task["key"]
    listed = (await ada.get("/user/tasks"))["tasks"]
    assert following["id"] in {each["id"] for each in listed}
    actions = (await ada.get(f"/tasks/{following['id']}/activity"))["activities"]
    assert [each["action"] for each in actions] == ["occurrence_made", "task_created"]

    await ada.delete(f"/tasks/{following['id']}/recurrence")
    ended = await ada.get(path)
    assert (ended["ended"], ended["next_at"]) == ("stopped", None)


async def test_a_whole_day_stays_the_day_of_the_calendar_in_another_zone(ada: Api) -> None:
    """The fourth is a Monday; it ends an hour earlier in Berlin than in UTC, Ada's own zone."""
    task = await ada.task(due_date="2030-03-04")
    path = f"/tasks/{task['id']}/recurrence"
    body = {"rule": "FREQ=WEEKLY;BYDAY=MO", "time_zone": "Europe/Berlin"}
    series = await ada.put(path, body)
    assert (series["due_date"], series["due_all_day"]) == ("2030-03-04T22:59:59Z", True)
    assert series["next_at"] == "2030-03-11T22:59:59Z"
    assert (await ada.get(f"/tasks/{task['id']}"))["due_date"] == series["due_date"]
    given = await ada.put(path, body | {"due_date": "2030-03-18"})
    assert given["next_at"] == "2030-03-25T22:59:59Z"


async def test_a_series_sent_back_is_as_it_was(ada: Api) -> None:
    """In Tokyo, Ada's zone, the day that ends in Berlin is over already."""
    await ada.patch("/users/me", {"time_zone": "Asia/Tokyo"})
    task = await ada.task(due_date="2030-03-04")
    path = f"/tasks/{task['id']}/recurrence"
    series = await ada.put(path, {"rule": "FREQ=WEEKLY;BYDAY=MO", "time_zone": "Europe/Berlin"})
    assert series["due_date"] == "2030-03-04T22:59:59Z"
    assert await ada.put(path, series) == series
    seen = {"If-Match": (await ada.send("GET", path)).headers["ETag"]}
    body = {"rule": "FREQ=DAILY", "time_zone": "Europe/Berlin"}
    assert (await ada.put(path, body))["due_date"] == series["due_date"]
    await ada.refused(412, "version-stale", "PUT", path, body, headers=seen)
    await ada.refused(412, "version-stale", "DELETE", path, headers=seen)
    problem = await ada.refused(
        422, "validation-failed", "PUT", path, {**series, "recurrence_id": "rec_other"}
    )
    assert pointers(problem) == ["/recurrence_id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/rule"),
        ({"rule": ""}, "/rule"),
        ({"rule": None}, "/rule"),
        ({"rule": 1}, "/rule"),
        ({"rule": "FREQ=SECONDLY"}, "/rule"),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/rule"),
        ({"rule": "FREQ=DAILY;" * 100}, "/rule"),
        ({"rule": "FREQ=DAILY\u202e"}, "/rule"),
        ({"rule": "FREQ=DAILY", "time_zone": "Mars/Base"}, "/time_zone"),
        ({"rule": "FREQ=DAILY", "basis": "whim"}, "/basis"),
        ({"rule": "FREQ=DAILY", "due_date": "2030-02-30"}, "/due_date"),
        ({"rule": "FREQ=DAILY", "due_date": "0000-01-01"}, "/due_date"),
        ({"rule": "FREQ=DAILY", "due_date": "9999-12-31T23:59:59Z"}, "/rule"),
        ({"rule": "FREQ=DAILY", "often": True}, "/often"),
    ],
)
async def test_what_cannot_recur_is_named(ada: Api, body: dict[str, object], pointer: str) -> None:
    task = await ada.task(due_date="2030-03-04")
    path = f"/tasks/{task['id']}/recurrence"
    problem = await ada.refused(422, "validation-failed", "PUT", path, body)
    assert pointers(problem) == [pointer]
    await ada.refused(404, "not-found", "GET", path)


async def test_a_task_without_a_due_date_is_asked_for_one(ada: Api) -> None:
    task = await ada.task()
    path = f"/tasks/{task['id']}/recurrence"
    problem = await ada.refused(422, "validation-failed", "PUT", path, {"rule": "FREQ=DAILY"})
    assert pointers(problem) == ["/due_date"]
    await ada.put(path, {"rule": "FREQ=DAILY", "due_date": "2030-01-01T09:00:00+02:00"})
    assert (await ada.get(f"/tasks/{task['id']}"))["due_date"] == "2030-01-01T07:00:00Z"


async def test_the_series_of_others_are_not_there(ada: Api, bob: Api) -> None:
    task = await ada.task(due_date="2030-03-04")
    await ada.put(f"/tasks/{task['id']}/recurrence", {"rule": "FREQ=DAILY"})
    for method, body in (("GET", None), ("PUT", {"rule": "FREQ=DAILY"}), ("DELETE", None)):
        said = [
            await bob.refused(404, "not-found", method, f"/tasks/{each}/recurrence", body)
            for each in (task["id"], new_id("task"))
        ]
        assert said[0]["detail"] == said[1]["detail"]


async def test_two_schedulers_make_each_task_of_the_schedule_once(
    ada: Api, product: Product
) -> None:
    """And one that is ended at once takes nothing with it."""
    began = (datetime.now(UTC) - timedelta(days=10)).date()
    task = await ada.task("Read the meters", due_date=str(began))
    path = f"/tasks/{task['id']}/recurrence"
    body = {"rule": "FREQ=DAILY;COUNT=6", "basis": "schedule", "time_zone": "UTC"}
    await ada.put(path, body)
    async with AsyncExitStack() as stack:
        running = []
        for _ in range(2):
            place = await stack.enter_async_context(open_workplace(product.settings, "test"))
            chores = [Occurrences(RecurrenceQueries(place.pool, Pointers(place.pool)))]
            opened = partial(open_executor, place, product.settings)
            scheduler = Scheduler(place.sessions, chores, opened, utc_now)
            executor = await stack.enter_async_context(opened())
            running += [scheduler.run(), _turns(scheduler, executor)]
        tasks = [asyncio.create_task(each) for each in running]
        stack.push_async_callback(cancelled, *tasks)

        async def done() -> bool:
            return bool((await ada.get(path))["ordinal"] == 6)

        await until(done)
    series = await ada.get(path)
    assert (series["ordinal"], series["next_at"]) == (6, None)
    position = series["position"]
    found = await ada.get(f"/tasks?q=meters&sort_by=due_date&min_position={position}")
    dates = [each["due_date"][:10] for each in found["tasks"]]
    assert dates == [str(began + timedelta(days=n)) for n in range(6)]
    assert {each["creator"]["name"] for each in found["tasks"][1:]} == {"System"}


async def _turns(scheduler: Scheduler, executor: object) -> None:
    """One that does not know that another leads."""
    while True:
        await scheduler.turn(executor)  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
