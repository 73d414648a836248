"""An executor over a log: what the doors and the background roles run commands by."""

from datetime import UTC, datetime

from commands.execution import Executor
from commands.ports import Clock
from commands.registry import all_commands
from domain.project.state import PROJECT
from domain.values.limits import Limits
from infra.event_store.snapshots import Snapshots
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.keys.master import MasterKeys
from infra.postgres.pool import Pool
from infra.postgres.views.board_reader import ViewBoardReader
from infra.postgres.views.comment_queries import ViewCommentReader
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.trail_queries import ViewTrailReader
from infra.postgres.views.tree_queries import ViewTreeReader
from infra.postgres.views.waiting import ViewWaiter


def utc_now() -> datetime:
    """The clock of the whole process."""
    return datetime.now(UTC)


def executor_over(
    store: PostgresEventStore,
    pool: Pool,
    pointers: Pointers,
    waiter: ViewWaiter,
    master: MasterKeys,
    limits: Limits,
    clock: Clock = utc_now,
) -> Executor:
    """All commands, appending to a store that has started; views are read through the pool."""

    async def workspace_of(project_id: str) -> str | None:
        states = executor.states
        project = states.kept(PROJECT, project_id) or await states.read(PROJECT, project_id)
        return None if project is None else project.workspace_id

    executor = Executor(
        registry=all_commands(),
        store=store,
        board=ViewBoardReader(pool, pointers, waiter, workspace_of),
        comments=ViewCommentReader(pool, pointers, waiter),
        trees=ViewTreeReader(pool, pointers, waiter),
        trail=ViewTrailReader(pool, pointers, waiter),
        clock=clock,
        new_id=new_id,
        secret=master.derive("command ids"),
        limits=limits,
        snapshots=Snapshots(pool, store.ring),
    )
    return executor
