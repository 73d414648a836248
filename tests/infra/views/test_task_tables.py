"""What stands under the view of tasks: its tables' policies, and one generation after another."""

import psycopg
import pytest

from domain.errors import Kind, Refused
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskQueries
from projections.search import SEARCH_VIEW
from projections.task_questions import TaskFilter
from projections.tasks import TASKS_VIEW
from tests.infra.views.task_pasts import EVERYTHING, WS1, a_past, ids_of
from tests.infra.views.written import Written
from tests.projections.history import made_id
from tests.real import Database

TASKS = f"tasks_tasks_v{TASKS_VIEW.version}_g1"
DOCS = f"search_docs_v{SEARCH_VIEW.version}_g1"


async def test_the_database_itself_refuses_rows_of_other_tenants(
    database: Database, written: Written
) -> None:
    await written.write(a_past())
    async with await psycopg.AsyncConnection.connect(database.api_url, autocommit=True) as api:

        async def counts(setting: str) -> list[int]:
            found: list[int] = []
            async with api.transaction():
                await api.execute(
                    "SELECT set_config('taskledger.workspaces', %s, true)", (setting,)
                )
                for table in ("tasks", "statuses"):
                    rows = await api.execute(
                        f"SELECT count(*) FROM views.tasks_{table}_v{TASKS_VIEW.version}_g1"  # type: ignore[arg-type]
                        " WHERE workspace_id = %s",
                        (WS1,),
                    )
                    found += await rows.fetchone() or ()
                for tasks, docs in ((TASKS, None), (None, DOCS), (TASKS, DOCS)):
                    hits = await api.execute(
                        "SELECT count(*)"
                        " FROM views.task_hits(%s, %s, 'alpha', NULL, '{}', '{}', '{}', 99)",
                        (tasks, docs),
                    )
                    found += await hits.fetchone() or ()
                return found

        assert min(await counts(WS1)) > 0
        assert await counts("") == await counts(made_id("ws", 9)) == [0] * 5
        for statement in ("DELETE FROM", "TRUNCATE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await api.execute(f"{statement} views.tasks_tasks_v{TASKS_VIEW.version}_g1")  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            await api.execute(
                "SELECT views.task_hits(NULL, 'pg_authid', 'a', NULL, '{}', '{}', '{}', 1)"
            )


async def test_reads_go_on_when_another_generation_answers(
    database: Database, pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past(10)
    await written.write(past)
    queries = TaskQueries(pool, pointers, written.log_id)
    before = await ids_of(queries, TaskFilter())
    generation = await written.another(TASKS_VIEW)
    assert await ids_of(queries, TaskFilter(q="alpha")) != []
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, autocommit=True
    ) as owner:
        await owner.execute("UPDATE ops.checkpoints SET position = 0")
        await written.answer_with(generation, TASKS_VIEW)
        await written.write_to("tasks", past)
        for table in ("tasks", "statuses"):
            await owner.execute(f"DROP TABLE views.tasks_{table}_v{TASKS_VIEW.version}_g1")  # type: ignore[arg-type]
    assert await ids_of(queries, TaskFilter()) == before
    assert await ids_of(queries, TaskFilter(q="alpha")) != []


async def test_a_view_that_is_not_built_or_has_lost_a_table_says_that_it_is_behind(
    pool: Pool, written: Written, database: Database
) -> None:
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, autocommit=True
    ) as owner:
        await owner.execute("CREATE TEMPORARY TABLE kept AS TABLE ops.projection_pointers")
        for lost in (
            "DELETE FROM ops.projection_pointers",
            f"DROP TABLE views.tasks_tasks_v{TASKS_VIEW.version}_g1",
        ):
            whole = TaskQueries(pool, Pointers(pool), written.log_id)
            assert (await whole.list(EVERYTHING, TaskFilter())).count == 0
            await owner.execute(lost.encode())
            queries = TaskQueries(pool, Pointers(pool), written.log_id)
            with pytest.raises(Refused) as refusal:
                await queries.list(EVERYTHING, TaskFilter())
            assert refusal.value.kind is Kind.VIEW_BEHIND
            await owner.execute(
                "INSERT INTO ops.projection_pointers TABLE kept ON CONFLICT DO NOTHING"
            )
