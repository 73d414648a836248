"""The background roles in one process: `python -m infra.processes.background --roles ROLE,...`."""

import argparse
import asyncio
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import psycopg
import structlog
import uvloop
from psycopg_pool import PoolTimeout

from commands.execution import Executor
from infra import logs
from infra.erasure.eraser import Eraser
from infra.erasure.places import PlacesOfPeople
from infra.erasure.rewriting import Rewriter, Tools
from infra.executors import utc_now
from infra.exports.files import ExportFiles
from infra.keys.master import KeyUnusable
from infra.mail.folder import MailFolder
from infra.nats.wake import send_forgotten
from infra.opensearch.indexer import Indexer
from infra.postgres.views.due_queries import DueQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.recurrence_queries import RecurrenceQueries
from infra.postgres.views.retention_queries import RetentionQueries
from infra.postgres.views.waiting import ViewWaiter
from infra.processes.chores import DueDates, Occurrences, Purges
from infra.processes.collector import tune_collector
from infra.processes.executing import open_executor, open_store
from infra.processes.large_pages import large_pages
from infra.processes.log import head
from infra.processes.projector import Projector
from infra.processes.relay import Relay
from infra.processes.scheduler import Scheduler
from infra.processes.workplace import Workplace, open_workplace
from infra.record.sealer import Sealer
from infra.record.sealers_place import SealersPlace
from infra.record.sealers_term import Pace
from infra.settings import Settings, SettingsError, child_environment
from infra.settings.serving import BACKGROUND_ROLES
from infra.tasks import cancelled
from projections.projection import Projection
from projections.registry import VIEWS
from projections.search import SEARCH_VIEW

REPORT_S = 2.0
LEAVE_S = 1.0
FORGET_AFTER = "1 day"

log = structlog.get_logger()

Report = Mapping[str, int | str]


class Background:
    """Runs roles until it is told to stop, and writes down what they say about themselves."""

    def __init__(
        self,
        workplace: Workplace,
        settings: Settings,
        roles: Sequence[str],
        views: Sequence[Projection],
        group: str,
    ) -> None:
        self._workplace = workplace
        self._roles = tuple(roles)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._started_at = datetime.now(UTC)
        self._reports: dict[str, Callable[[], Report]] = {}
        self._work: list[Coroutine[None, None, None]] = []
        store, sessions, nats = workplace.store, workplace.sessions, workplace.nats
        if "relay" in roles:
            relay = Relay(store, sessions, nats, owner=self._name)
            self._add("relay", relay.run(), lambda: relay.report)
        if "projector" in roles:
            projector = Projector(views, store, sessions, nats, group=group)
            self._add("projector", projector.run(), lambda: projector.report)
            if settings.opensearch_url is not None and SEARCH_VIEW in views:
                indexer = Indexer(
                    settings.opensearch_url.get_secret_value(),
                    sessions,
                    nats,
                    verify_tls=settings.opensearch_verify_tls,
                )
                self._add("search_index", indexer.run(), lambda: indexer.report)
        if "scheduler" in roles:
            pool, pointers = workplace.pool, Pointers(workplace.pool)
            lead = timedelta(hours=settings.due_soon_hours)
            chores = (
                Occurrences(RecurrenceQueries(pool, pointers)),
                DueDates(DueQueries(pool, pointers), lead),
                Purges(RetentionQueries(pool, pointers)),
            )
            opened = partial(open_executor, workplace, settings)
            scheduler = Scheduler(sessions, chores, opened, utc_now)
            self._add("scheduler", scheduler.run(), lambda: scheduler.report)
            rewriter = Rewriter(tools_of(workplace, settings, views, opened))
            self._add("eraser", rewriter.run(), lambda: rewriter.report)
        if "sealer" in roles:
            place = SealersPlace.of(settings)
            appending = partial(open_store, workplace, settings)
            pace = Pace(retrace_hours=settings.record_recheck_hours)
            sealer = Sealer(store, sessions, nats, place, appending, pace)
            self._add("sealer", sealer.run(), lambda: sealer.report)
            if (witnesses := place.witnesses) is not None:
                self._reports["witnesses"] = lambda: witnesses.report
            if (stamps := place.stamps) is not None:
                self._reports["time_stamps"] = lambda: stamps.report

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. A role that ends by itself is a fault, and raised."""
        tasks = [asyncio.create_task(work) for work in self._work]
        tasks.append(asyncio.create_task(self._report_for_ever()))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((*tasks, stopping), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            await cancelled(*tasks, stopping)
            await self._leave()

    def _add(
        self, role: str, work: Coroutine[None, None, None], report: Callable[[], Report]
    ) -> None:
        self._work.append(work)
        self._reports[role] = report

    async def _report_for_ever(self) -> None:
        while True:
            try:
                await self._report()
            except (psycopg.Error, PoolTimeout, OSError) as error:
                log.debug("report_not_written", error=repr(error))
            await asyncio.sleep(REPORT_S)

    async def _leave(self) -> None:
        """Take the report away: whoever stops in order is not missed."""
        with suppress(psycopg.Error, PoolTimeout, OSError, TimeoutError):
            async with asyncio.timeout(LEAVE_S), self._workplace.pool.connection() as connection:
                await connection.execute(
                    "DELETE FROM ops.processes WHERE process = %s", (self._name,)
                )

    async def _report(self) -> None:
        report = {role: dict(said()) for role, said in self._reports.items()}
        report["process"] = {
            "memory_peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            "nats_connects": self._workplace.nats.connects,
        }
        async with self._workplace.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO ops.processes (process, roles, started_at, report)"
                " VALUES (%s, %s, %s, %s::jsonb) ON CONFLICT (process) DO UPDATE"
                " SET reported_at = clock_timestamp(), report = EXCLUDED.report",
                (
                    self._name,
                    list(self._roles),
                    self._started_at,
                    msgspec.json.encode(report).decode(),
                ),
            )
            await connection.execute(
                "DELETE FROM ops.processes"
                f" WHERE reported_at < clock_timestamp() - interval '{FORGET_AFTER}'"
            )


def tools_of(
    workplace: Workplace,
    settings: Settings,
    views: Sequence[Projection],
    opened: Callable[[], AbstractAsyncContextManager[Executor]],
) -> Tools:
    """What erasures are brought to their end with."""
    nats, pool = workplace.nats, workplace.pool
    pointers = Pointers(pool)

    async def gone(key_ids: Sequence[bytes]) -> None:
        workplace.forgotten.drop(key_ids)
        async with pool.connection() as connection:
            log_id = (await head(connection)).log_id
        await send_forgotten(nats, log_id)

    return Tools(
        views=views,
        store=workplace.store,
        sessions=workplace.sessions,
        nats=nats,
        eraser=Eraser(
            pool,
            workplace.destroyed,
            ExportFiles.of(settings),
            MailFolder.of(settings),
            PlacesOfPeople(pool, pointers, ViewWaiter(pointers)),
            gone,
        ),
        open_executor=opened,
        environment=child_environment(settings.as_environment()),
        owner_url=None if settings.database_url is None else settings.owner_url(),
    )


async def serve(
    settings: Settings, roles: Sequence[str], views: Sequence[Projection], group: str
) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_workplace(settings, "taskledger background") as workplace:
        background = Background(workplace, settings, roles, views, group)
        tune_collector()
        if await _unlocked(workplace, stop):
            log.info("background_started", roles=list(roles), views=[view.name for view in views])
            async with large_pages():
                await background.run(stop)
    log.info("background_stopped")


async def _unlocked(workplace: Workplace, stop: asyncio.Event) -> bool:
    """Wait for PostgreSQL, and make sure of the master key; False when told to stop meanwhile."""
    while not stop.is_set():
        try:
            await workplace.unlock()
        except (psycopg.OperationalError, PoolTimeout, OSError) as error:
            log.warning("waiting_for_postgresql", error=repr(error))
        else:
            return True
    return False


def main() -> None:
    roles, views, group = _arguments()
    try:
        settings = Settings.load().resolve()
        logs.configure(settings.log_level, "+".join(roles))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, roles, views, group))
    except SettingsError as error:
        sys.exit(str(error))
    except KeyUnusable as error:
        sys.exit(f"The master key cannot be used: {error}")


def _arguments() -> tuple[list[str], list[Projection], str]:
    parser = argparse.ArgumentParser(description=__doc__)
    known = ", ".join(BACKGROUND_ROLES)
    parser.add_argument("--roles", default=",".join(BACKGROUND_ROLES), help=f"some of {known}")
    parser.add_argument("--views", help="the views to project, by comma; default: all")
    parser.add_argument("--group", default="views", help="names projectors of the same views")
    given = parser.parse_args()
    roles = given.roles.split(",")
    if unknown := sorted(set(roles) - set(BACKGROUND_ROLES)):
        parser.error(f"there is no role {unknown[0]}; there are {known}")
    wanted = None if given.views is None else set(given.views.split(","))
    views = [view for view in VIEWS if wanted is None or view.name in wanted]
    if wanted is not None and len(views) < len(wanted):
        parser.error(f"there are no other views than {', '.join(view.name for view in VIEWS)}")
    return roles, views, given.group


if __name__ == "__main__":
    main()
