"""The composition root: every part of an API process, built by plain constructors from settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from commands.execution import Executor
from commands.ports import Clock
from domain.errors import Kind, Refused
from domain.values.limits import Limits
from infra.access import Access
from infra.answer_cache import AnswerCache
from infra.erasure.eraser import Eraser
from infra.event_store.rows import StoredRow
from infra.event_store.session import SessionLost
from infra.event_store.store import PostgresEventStore
from infra.executors import executor_over, utc_now
from infra.exports.book import ExportBook
from infra.exports.exporter import Exporter
from infra.exports.files import ExportFiles
from infra.exports.formats import Sources
from infra.exports.histories import Histories
from infra.exports.own_file import OwnFiles
from infra.exports.saved import SavedExports
from infra.exports.seals import Seals
from infra.exports.workspace_ocel import WorkspaceOcel
from infra.feed.changes import ChangeFeed
from infra.feed.waiting import ChangeWaiters
from infra.jobs.book import JobBook
from infra.jobs.worker import Jobs
from infra.keys.aliases import Aliases
from infra.keys.configured import master_keys
from infra.keys.content_keys import KeyRing
from infra.keys.destruction import DestroyedKeys
from infra.keys.forgotten import Forgotten, destroy_what_came_back
from infra.labels import LabelDirectory
from infra.mail.folder import FolderPost
from infra.mail.post import Post
from infra.mail.smtp import SmtpPost, SmtpServer
from infra.metrics import Metrics
from infra.nats.connection import NatsConnection
from infra.nats.news import on_news
from infra.nats.wake import (
    CommitWaker,
    EndTeller,
    on_ended,
    on_forgotten,
    on_views,
    send_forgotten,
)
from infra.opensearch.index import OpenSearchIndex
from infra.operations import Operations
from infra.people.access_tokens import AccessTokens
from infra.people.accounts import Accounts
from infra.people.api_keys import ApiKeys
from infra.people.by_mail import ByMail
from infra.people.credentials import Credentials
from infra.people.flows import Flows
from infra.people.identities import Identities
from infra.people.invitations import Invitations
from infra.people.kept_answers import KeptAnswers
from infra.people.mail_tokens import MailTokens
from infra.people.mailer import Mailer
from infra.people.outbox import Outbox
from infra.people.own_account import OwnAccount
from infra.people.passwords import Passwords
from infra.people.proofs import Proofs
from infra.people.second_factor import SecondFactors
from infra.people.sessions import Revocations, Sessions
from infra.people.vault import Vault
from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.activity_queries import ActivityQueries
from infra.postgres.views.board_queries import BoardQueries
from infra.postgres.views.change_queries import ChangeQueries
from infra.postgres.views.comment_queries import CommentQueries
from infra.postgres.views.dependency_queries import DependencyQueries
from infra.postgres.views.directory import Directory
from infra.postgres.views.favourite_queries import FavouriteQueries
from infra.postgres.views.member_queries import MemberQueries
from infra.postgres.views.notification_queries import NotificationQueries
from infra.postgres.views.past_queries import PastQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.project_queries import ProjectQueries
from infra.postgres.views.saved_view_queries import SavedViewQueries
from infra.postgres.views.search_queries import SearchQueries
from infra.postgres.views.stats_queries import StatsQueries
from infra.postgres.views.task_queries import TaskQueries
from infra.postgres.views.template_queries import TemplateQueries
from infra.postgres.views.trail_queries import TrailQueries
from infra.postgres.views.waiting import ViewWaiter
from infra.record.files import PublishedFiles
from infra.record.proofs import LogProofs
from infra.redis.client import open_redis
from infra.redis.first_uses import FirstUses
from infra.redis.login_limits import LoginLimits
from infra.redis.mail_limits import MailLimits
from infra.redis.rate_limit import RateLimiter
from infra.redis.windows import Windows
from infra.security.alarm import RecordingAlarm
from infra.security.watch import SecurityWatch
from infra.settings import Settings
from infra.tasks import cancelled
from infra.trail.reading import Trail
from projections.board import BOARD_VIEW
from projections.tasks import TASKS_VIEW

if TYPE_CHECKING:
    from infra.oidc.provider import Provider
    from infra.people.sign_on import SignOn

API_ROLE: Final = "taskledger_api"
SIGN_ON_CALLBACK: Final = "/api/v1/auth/oidc/callback"

_RETRY_S: Final = 0.5
_CONNECTION_PATIENCE_S: Final = 2.0
# With what the pool waits beyond it, somebody who asks a hung server is refused within 10 s.
_STATEMENT_TIMEOUT_MS: Final = 7_000
_COUNT_EVERY_S: Final = 1.0
_SWEEP_EVERY_S: Final = 600.0
_NOTE_USES_EVERY_S: Final = 20.0
_TELL_SECURITY_EVERY_S: Final = 1.0
_LOOK_AT_TRAIL_EVERY_S: Final = 1.5

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class House:
    """What the doors of one process may use. `rate_limiter` is None where there is no limit, and
    `sign_on` where there is no provider."""

    settings: Settings
    metrics: Metrics
    clock: Clock
    operations: Operations
    log_id: str
    store: PostgresEventStore
    executor: Executor
    whole_access: Access
    waiter: ViewWaiter
    tasks: TaskQueries
    search: SearchQueries
    boards: BoardQueries
    answer_cache: AnswerCache
    stats: StatsQueries
    projects: ProjectQueries
    members: MemberQueries
    activity: ActivityQueries
    comments: CommentQueries
    templates: TemplateQueries
    saved_views: SavedViewQueries
    dependencies: DependencyQueries
    past: PastQueries
    favourites: FavouriteQueries
    histories: Histories
    notifications: NotificationQueries
    directory: Directory
    labels: LabelDirectory
    changes: ChangeFeed
    proofs: LogProofs
    change_waiters: ChangeWaiters
    trail: Trail
    security: SecurityWatch
    recording: RecordingAlarm
    accounts: Accounts
    own_account: OwnAccount
    by_mail: ByMail
    invitations: Invitations
    sign_on: "SignOn | None"
    second_factors: SecondFactors
    sessions: Sessions
    access_tokens: AccessTokens
    revocations: Revocations
    rate_limiter: RateLimiter | None
    key_rate_limiter: RateLimiter | None
    api_keys: ApiKeys
    jobs: Jobs
    kept_answers: KeptAnswers
    exporter: Exporter
    exports: SavedExports
    eraser: Eraser
    own_files: OwnFiles
    request_digest_key: bytes
    import_key: bytes


@contextlib.asynccontextmanager
async def open_house(
    settings: Settings, on_wrong_log: Callable[[str], None] = lambda why: None
) -> AsyncIterator[House]:
    """Every part of an API process, until the block ends; waits for PostgreSQL to be there.

    `on_wrong_log` is called when the process has to be started anew: the log is another one than
    at its start. Raises KeyUnusable for a wrong master key.
    """
    async with AsyncExitStack() as stack:
        yield await _build(settings, on_wrong_log, stack)


async def _build(
    settings: Settings, on_wrong_log: Callable[[str], None], stack: AsyncExitStack
) -> House:
    api_url, nats_url, redis_url = (
        settings.api_url(),
        _revealed(settings.nats_url),
        _revealed(settings.redis_url),
    )
    pool = await open_pool(
        api_url,
        role=API_ROLE,
        application="taskledger api",
        acquire_timeout_seconds=_CONNECTION_PATIENCE_S,
        statement_timeout_ms=_STATEMENT_TIMEOUT_MS,
    )
    stack.push_async_callback(pool.close)
    master = master_keys(settings)
    wakers: list[CommitWaker] = []

    def wake(position: int) -> None:
        for waker in wakers:
            waker(position)

    store = PostgresEventStore(
        pool,
        master,
        api_url,
        role=API_ROLE,
        on_commit=wake,
        on_wrong_log=on_wrong_log,
    )
    await _once_there(store.start)
    stack.push_async_callback(store.close)
    log_id = str(store.log_id)
    destroyed = DestroyedKeys(settings.destroyed_keys_file())
    await destroy_what_came_back(pool, destroyed)
    forgotten = Forgotten(pool, store.ring)

    pointers = Pointers(pool)
    waiter = ViewWaiter(pool)
    nats = None if nats_url is None else NatsConnection(nats_url, "taskledger api")
    if nats is not None:
        await stack.enter_async_context(nats)
        wakers.append(CommitWaker(nats, log_id))
        await on_views(nats, log_id, lambda _positions: waiter.wake())

    aliases = Aliases(master)
    executor = executor_over(store, pool, pointers, waiter, master, limits_of(settings))
    stack.push_async_callback(executor.follow_ups.done)
    change_queries = ChangeQueries(pool, pointers)
    change_waiters = ChangeWaiters(change_queries, waiter, most=settings.max_feed_waiters)
    stack.push_async_callback(change_waiters.stop)

    def heard(rows: Sequence[StoredRow]) -> None:
        executor.states.heard(rows)
        change_waiters.heard(rows)

    if nats is not None:
        await on_news(nats, log_id, heard)
        await on_forgotten(nats, log_id, forgotten.heard)

    async def gone(key_ids: Sequence[bytes]) -> None:
        forgotten.drop(key_ids)
        if nats is not None:
            await send_forgotten(nats, log_id)

    forgotten.also(executor.states.forget_all)
    members = MemberQueries(pool, pointers, log_id)
    metrics = Metrics(settings.metrics_dir)
    windows = Windows(redis_url)
    stack.push_async_callback(windows.close)
    alarm = RecordingAlarm(metrics, utc_now)
    security = _security_watch(settings, executor, members, FirstUses(windows, aliases), alarm)
    _every(_TELL_SECURITY_EVERY_S, security.tell, stack)
    vault = Vault(master.derive("small secrets"))
    sessions = Sessions(pool, timedelta(days=settings.refresh_token_days), vault)
    token_lifetime = timedelta(minutes=settings.access_token_minutes)
    if nats is None:
        revocations = Revocations(sessions, token_lifetime)
    else:
        revocations = Revocations(sessions, token_lifetime, EndTeller(nats, log_id))
        await on_ended(nats, log_id, revocations.heard)
    await _once_there(revocations.start)
    stack.push_async_callback(revocations.stop)
    passwords = Passwords()
    stack.callback(passwords.close)
    credentials = Credentials(pool)
    second_factors = SecondFactors(pool, vault, master.derive("recovery codes"))
    proofs = Proofs(
        credentials=credentials,
        passwords=passwords,
        second_factors=second_factors,
        limits=LoginLimits(
            windows,
            per_account=settings.login_failures_per_account,
            per_address=settings.login_failures_per_address,
        ),
        secret=master.derive("log-in limits"),
        on_failure=security.log_in_failed,
    )
    outbox = Outbox(pool, vault)
    tokens = MailTokens(pool, master.derive("mail tokens"), vault)
    mailer = Mailer(
        outbox=outbox,
        tokens=tokens,
        post=_post(settings),
        store=store,
        states=executor.states,
        credentials=credentials,
        sender=settings.mail_from,
        public_url=settings.base_url(),
        reset_good_for=timedelta(minutes=settings.reset_token_minutes),
    )
    mailer.start()
    stack.push_async_callback(mailer.stop)
    verify_good_for = timedelta(hours=settings.verify_token_hours)
    mail_limits = MailLimits(
        windows,
        per_address=settings.mails_per_address,
        invitations_per_day=settings.invitations_per_day,
    )
    by_mail = ByMail(
        executor=executor,
        credentials=credentials,
        passwords=passwords,
        proofs=proofs,
        tokens=tokens,
        outbox=outbox,
        limits=mail_limits,
        revocations=revocations,
        on_mail=mailer.wake,
        verify_good_for=verify_good_for,
    )
    invitations = Invitations(
        executor=executor,
        store=store,
        outbox=outbox,
        tokens=tokens,
        limits=mail_limits,
        proofs=proofs,
        on_mail=mailer.wake,
        clock=utc_now,
        good_for=timedelta(days=settings.invitation_days),
    )
    accounts = Accounts(
        executor=executor,
        store=store,
        credentials=credentials,
        sessions=sessions,
        passwords=passwords,
        proofs=proofs,
        outbox=outbox,
        on_mail=mailer.wake,
        verify_good_for=verify_good_for,
        require_verified_email=settings.require_verified_email,
    )
    own_account = OwnAccount(
        executor=executor,
        credentials=credentials,
        passwords=passwords,
        proofs=proofs,
        second_factors=second_factors,
        by_mail=by_mail,
        revocations=revocations,
    )
    sign_on = None
    if settings.oidc_issuer is not None:
        # Here, since only who has a provider needs what it takes to talk to one.
        from infra.people.sign_on import SignOn

        flows = Flows(pool, vault)
        provider = await _provider(settings, stack)
        sign_on = SignOn(
            name=settings.oidc_name,
            provider=provider,
            flows=flows,
            identities=Identities(pool, master.derive("identities")),
            accounts=accounts,
            executor=executor,
            store=store,
            sessions=sessions,
            proofs=proofs,
            by_mail=by_mail,
            revocations=revocations,
        )
        _every(_SWEEP_EVERY_S, flows.sweep, stack)
    rate_limiter, key_rate_limiter = await _rate_limiters(settings, redis_url, stack)
    api_keys = ApiKeys(pool)
    _every(_NOTE_USES_EVERY_S, api_keys.note_uses, stack)
    _every(_SWEEP_EVERY_S, accounts.sweep, stack)
    kept_answers = KeptAnswers(pool, vault, master.derive("kept answers"))
    _every(_SWEEP_EVERY_S, kept_answers.sweep, stack)
    job_book = JobBook(pool, vault, most_at_once=settings.max_jobs_at_once)
    histories = Histories(pool, pointers, waiter, store)
    seals = Seals(pool, nats, log_id, PublishedFiles.of(settings))
    directory = Directory(pool, pointers)
    trail = Trail(
        TrailQueries(pool, pointers), store, directory, aliases, master.derive("trail cursors")
    )
    sources = Sources(
        pool=pool,
        fresh_ring=lambda: KeyRing(pool, master),
        take_snapshot=seals.snapshot,
        store=store,
        view=trail,
        waiter=waiter,
        objects=WorkspaceOcel(pool, pointers, waiter, executor.states, histories, directory),
        histories=histories,
        states=executor.states,
    )
    exporter = Exporter(executor, sources)
    exports = SavedExports(
        ExportBook(pool),
        ExportFiles.of(settings),
        exporter,
        job_book,
        kept=timedelta(hours=settings.keep_exports_hours),
    )
    _every(_SWEEP_EVERY_S, exports.sweep, stack)
    jobs = Jobs(
        job_book, executor, store, kept=timedelta(days=settings.keep_jobs_days), exports=exports
    )
    jobs.start()
    stack.push_async_callback(jobs.stop)
    _every(_COUNT_EVERY_S, _counting(store, metrics), stack)
    forgotten.also(directory.forget_all)
    answer_cache = AnswerCache(
        pool,
        pointers,
        ((TASKS_VIEW, "tasks"), (BOARD_VIEW, "cards")),
        settings.answer_cache_mib * 1024 * 1024,
    )
    forgotten.also(answer_cache.forget_all)
    forgotten.start()
    stack.push_async_callback(forgotten.stop)
    access = Access(pool, members, waiter, executor.states)
    tasks = TaskQueries(pool, pointers, log_id)
    search_index = _search_index(settings, pool, log_id, stack)
    boards = BoardQueries(pool, pointers, log_id, limits_of(settings))
    stats = StatsQueries(pool, pointers)
    dependencies = DependencyQueries(pool, pointers, log_id)
    operations = Operations(pool, store, nats, rate_limiter, search_index, alarm)
    _every(_LOOK_AT_TRAIL_EVERY_S, operations.look_at_trail, stack)
    return House(
        settings=settings,
        metrics=metrics,
        clock=utc_now,
        operations=operations,
        log_id=log_id,
        store=store,
        executor=executor,
        whole_access=access,
        waiter=waiter,
        tasks=tasks,
        search=SearchQueries(pool, pointers, tasks, search_index),
        boards=boards,
        answer_cache=answer_cache,
        stats=stats,
        projects=ProjectQueries(pool, pointers, log_id),
        members=members,
        activity=ActivityQueries(pool, pointers, log_id),
        comments=CommentQueries(pool, pointers, log_id),
        templates=TemplateQueries(pool, pointers, log_id),
        saved_views=SavedViewQueries(pool, pointers, log_id),
        dependencies=dependencies,
        past=PastQueries(
            pool,
            pointers,
            log_id,
            tasks=tasks,
            boards=boards,
            stats=stats,
            dependencies=dependencies,
        ),
        favourites=FavouriteQueries(pool, pointers, log_id),
        histories=histories,
        notifications=NotificationQueries(pool, pointers, log_id),
        directory=directory,
        changes=ChangeFeed(change_queries, store, directory),
        proofs=LogProofs(PublishedFiles.of(settings), log_id),
        change_waiters=change_waiters,
        trail=trail,
        security=security,
        recording=alarm,
        labels=LabelDirectory(access, executor.states),
        accounts=accounts,
        own_account=own_account,
        by_mail=by_mail,
        invitations=invitations,
        sign_on=sign_on,
        second_factors=second_factors,
        sessions=sessions,
        access_tokens=AccessTokens(master.derive("access tokens"), token_lifetime),
        revocations=revocations,
        rate_limiter=rate_limiter,
        key_rate_limiter=key_rate_limiter,
        api_keys=api_keys,
        jobs=jobs,
        kept_answers=kept_answers,
        exporter=exporter,
        exports=exports,
        own_files=OwnFiles(pool, store),
        eraser=Eraser(pool, destroyed, ExportFiles.of(settings), gone, revocations.add),
        request_digest_key=master.derive("request digests"),
        import_key=master.derive("imports"),
    )


def limits_of(settings: Settings) -> Limits:
    """How much of everything one may have."""
    return Limits(
        title=settings.max_title_characters,
        description=settings.max_description_characters,
        description_bytes=settings.max_description_bytes,
        comment=settings.max_comment_characters,
        name=settings.max_name_characters,
        tags=settings.max_tags,
        labels=settings.max_labels,
        reactions=settings.max_reactions,
        watchers=settings.max_watchers,
        favourites=settings.max_favourites,
        assignees=settings.max_assignees,
        types=settings.max_task_types,
        dependencies=settings.max_dependencies,
        fields=settings.max_fields,
        columns=settings.max_columns,
        lanes=settings.max_lanes,
        cards_of_board=settings.max_cards_of_board,
        statuses=settings.max_statuses,
        transitions=settings.max_transitions,
        moved_by_workflow=settings.max_tasks_moved_by_workflow,
        teams=settings.max_teams,
        invitations=settings.max_invitations,
        invitation_days=settings.invitation_days,
        reopen_days=settings.workspace_reopen_days,
        team_members=settings.max_team_members,
        subtask_depth=settings.max_subtask_depth,
        subtasks=settings.max_subtasks,
        subtasks_at_once=settings.max_subtasks_at_once,
        template_tasks=settings.max_template_tasks,
        query=settings.max_query_characters,
        api_keys=settings.max_api_keys,
        identities=settings.max_identities,
        service_accounts=settings.max_service_accounts,
        custody=settings.max_custody,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _post(settings: Settings) -> Post:
    """How mail leaves: to the server that is given, else as files for a person to read."""
    url = _revealed(settings.smtp_url)
    if url is not None:
        return SmtpPost(SmtpServer.of(url))
    return FolderPost(settings.data_dir / "mail")


def _search_index(
    settings: Settings, pool: Pool, log_id: str, stack: AsyncExitStack
) -> OpenSearchIndex | None:
    """None where PostgreSQL answers every search."""
    url = _revealed(settings.opensearch_url)
    if url is None:
        return None
    index = OpenSearchIndex(url, pool, log_id, verify_tls=settings.opensearch_verify_tls)
    stack.push_async_callback(index.close)
    return index


async def _provider(settings: Settings, stack: AsyncExitStack) -> "Provider":
    """The one by which people sign on; whether it answers, is seen when somebody does."""
    from infra.oidc.provider import Provider, Registered

    registered = Registered(
        issuer=settings.oidc_issuer or "",
        client_id=settings.oidc_client_id or "",
        client_secret=_revealed(settings.oidc_client_secret),
        scopes=settings.oidc_scopes,
        redirect_uri=settings.base_url() + SIGN_ON_CALLBACK,
    )
    provider = Provider(registered)
    stack.push_async_callback(provider.close)
    return provider


async def _rate_limiters(
    settings: Settings, redis_url: str | None, stack: AsyncExitStack
) -> tuple[RateLimiter | None, RateLimiter | None]:
    """Of users, and of their API keys; both None where there is no limit."""
    if not settings.rate_limit_per_minute:
        return None, None
    redis = None if redis_url is None else open_redis(redis_url)
    if redis is not None:
        stack.push_async_callback(redis.aclose)
    users = RateLimiter(redis, settings.rate_limit_per_minute)
    keys = RateLimiter(redis, settings.rate_limit_per_key_per_minute)
    for limiter in (users, keys):
        limiter.start()
        stack.push_async_callback(limiter.stop)
    return users, keys


async def _once_there(start: Callable[[], Awaitable[None]]) -> None:
    """A process that starts while PostgreSQL is away waits for it."""
    while True:
        try:
            await start()
        except (SessionLost, OSError) as error:
            _log.warning("waiting_for_postgresql", error=repr(error))
        except Refused as refused:
            if refused.kind is not Kind.DEPENDENCY_DOWN:
                raise
            _log.warning("waiting_for_postgresql", error=refused.detail)
        else:
            return
        await asyncio.sleep(_RETRY_S)


def _security_watch(
    settings: Settings,
    executor: Executor,
    members: MemberQueries,
    uses: FirstUses,
    alarm: RecordingAlarm,
) -> SecurityWatch:
    async def workspaces_of(user_id: str) -> Sequence[str]:
        person = await members.person(user_id)
        return () if person is None else tuple(person.roles)

    return SecurityWatch(
        executor,
        workspaces_of,
        uses.note,
        alarm,
        utc_now,
        window_s=settings.security_window_s,
        most_a_minute=settings.security_notes_per_minute,
    )


def _every(seconds: float, work: Callable[[], Awaitable[None]], stack: AsyncExitStack) -> None:
    """Do it again and again until the house closes; an outage only delays it."""

    async def keep_on() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                _log.warning("background_work_failed", work=work.__qualname__, exc_info=True)

    task = asyncio.create_task(keep_on(), name=f"every {seconds:.0f} s")
    stack.push_async_callback(cancelled, task)


def _counting(store: PostgresEventStore, metrics: Metrics) -> Callable[[], Awaitable[None]]:
    """Writes the metrics, with what the committer counts carried over into them."""
    told = replace(store.stats)

    async def count() -> None:
        nonlocal told
        now = replace(store.stats)
        metrics.appended(
            batches=now.batches - told.batches,
            commits=now.commits - told.commits,
            events=now.events - told.events,
            seconds=now.seconds - told.seconds,
            refused=now.refused - told.refused,
        )
        metrics.write()
        told = now

    return count
