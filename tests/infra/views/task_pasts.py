"""Tasks of three projects in two workspaces, and lists of them, for what asks the view of tasks."""

import json
import random
from datetime import timedelta

from domain.project.workflow import Status
from domain.task.events import TaskTrashed
from domain.task.state import Task
from infra.postgres.views.task_queries import TaskQueries
from projections.questions import Page, Scope
from projections.task_questions import Sort, TaskFilter
from tests.projections.history import BEGAN, STATUSES, History, made_id

ADA, BOB, EVE = (made_id("user", number) for number in (1, 2, 3))
WS1, WS2 = made_id("ws", 1), made_id("ws", 2)
WEB, OPS, FAR = (made_id("proj", number) for number in (1, 2, 3))
NOW = BEGAN + timedelta(days=1)
EVERYTHING = Scope(workspaces=(WS1, WS2))
IMPORTED = (
    Status(key="queued", name="Queued+Awaiting", category="todo"),
    Status(key="accepted", name="Accepted", category="in_progress"),
    Status(key="closed", name="Closed", category="done"),
)


def a_past(tasks: int = 60) -> History:
    """Two projects in one workspace, one in another; ties and nulls in every column."""
    past = History()
    past.workspace(1)
    past.workspace(2, EVE)
    past.project(1, WS1, key="WEB")
    past.project(2, WS1, key="OPS", statuses=IMPORTED)
    past.project(3, WS2, key="WEB", owner_id=EVE)
    chance = random.Random(7)
    statuses = {WEB: STATUSES, OPS: IMPORTED, FAR: STATUSES}
    for number in range(1, tasks + 1):
        project_id = chance.choice([WEB, WEB, OPS, FAR])
        due = chance.choice([None, *(BEGAN + timedelta(days=days) for days in (0, 0, 1, 2))])
        past.task(
            number,
            project_id,
            recorded_at=BEGAN + timedelta(minutes=chance.randrange(5)),
            actor=chance.choice([ADA, BOB]),
            title=chance.choice(["Alpha login", "alpha Logout", "Beta", "größer", "Gamma 42"]),
            description=chance.choice(["", "the login page", "nothing here"]),
            external_id=chance.choice([None, f"X-{number}"]),
            status=chance.choice(statuses[project_id]).key,
            priority=chance.choice([1, 3, 3, 5, 10]),
            rank=chance.choice(["h1", "h2", "h2V", "hA", "ha"]),
            type=chance.choice(["task", "bug"]),
            assignee_ids=chance.choice([(), (ADA,), (BOB,), (ADA, BOB)]),
            due_date=due,
            tags=chance.choice([(), ("red",), ("red", "blue"), ("it's", 'a"b')]),
        )
    for number in range(5, tasks + 1, 9):
        past.change(made_id("task", number), TaskTrashed())
    return past


def tasks_of(past: History) -> list[Task]:
    return [state for state in past.states.values() if isinstance(state, Task)]


async def ids_of(
    queries: TaskQueries,
    asked: TaskFilter,
    sort: Sort | None = None,
    limit: int = 1_000,
    scope: Scope = EVERYTHING,
) -> list[str]:
    """All ids, page by page, as a client would read them."""
    seen: list[str] = []
    cursor = None
    while True:
        page = Page(limit=limit, cursor=cursor)
        listing = await queries.list(scope, asked, sort, page)
        docs = json.loads(b"[%b]" % listing.docs)
        assert len(docs) == listing.count <= limit
        seen += [doc["id"] for doc in docs]
        if not listing.has_more:
            assert listing.next_cursor is None
            return seen
        assert len(docs) == limit
        cursor = listing.next_cursor
        assert cursor is not None
        assert cursor.replace("-", "").replace("_", "").isalnum()
