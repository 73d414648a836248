"""What the doors read by: the queries of every view, and what answers of them is kept or heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.access import Access
from infra.answer_cache import AnswerCache
from infra.bootstrap.ground import Ground
from infra.event_store.rows import StoredRow
from infra.exports.histories import Histories
from infra.feed.changes import ChangeFeed
from infra.feed.waiting import ChangeWaiters
from infra.labels import LabelDirectory
from infra.limits import limits_of
from infra.nats.news import on_news
from infra.opensearch.index import OpenSearchIndex
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
from infra.postgres.views.project_queries import ProjectQueries
from infra.postgres.views.saved_view_queries import SavedViewQueries
from infra.postgres.views.search_queries import SearchQueries
from infra.postgres.views.stats_queries import StatsQueries
from infra.postgres.views.task_queries import TaskQueries
from infra.postgres.views.template_queries import TemplateQueries
from infra.postgres.views.trail_queries import TrailQueries
from infra.record.files import PublishedFiles
from infra.record.proofs import LogProofs
from infra.settings.values import revealed
from infra.trail.reading import Trail
from projections.board import BOARD_VIEW
from projections.tasks import TASKS_VIEW


@dataclass(kw_only=True)
class Views:
    whole_access: Access
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
    change_waiters: ChangeWaiters
    trail: Trail
    proofs: LogProofs


async def open_views(ground: Ground, search_index: OpenSearchIndex | None) -> Views:
    settings, pool, pointers, log_id = ground.settings, ground.pool, ground.pointers, ground.log_id
    change_queries = ChangeQueries(pool, pointers)
    change_waiters = await _hearing(ground, change_queries)
    directory = Directory(pool, pointers)
    ground.forgotten.also(directory.forget_all)
    answer_cache = AnswerCache(
        pool,
        pointers,
        ((TASKS_VIEW, "tasks"), (BOARD_VIEW, "cards")),
        settings.answer_cache_mib * 1024 * 1024,
    )
    ground.forgotten.also(answer_cache.forget_all)
    members = MemberQueries(pool, pointers, log_id)
    access = Access(pool, members, ground.waiter, ground.executor.states)
    tasks = TaskQueries(pool, pointers, log_id)
    boards = BoardQueries(pool, pointers, log_id, limits_of(settings))
    stats = StatsQueries(pool, pointers)
    dependencies = DependencyQueries(pool, pointers, log_id)
    past = PastQueries(
        pool, pointers, log_id, tasks=tasks, boards=boards, stats=stats, dependencies=dependencies
    )
    trail_cursors = ground.master.derive("trail cursors")
    trail = Trail(
        TrailQueries(pool, pointers), ground.store, directory, ground.aliases, trail_cursors
    )
    return Views(
        whole_access=access,
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
        past=past,
        favourites=FavouriteQueries(pool, pointers, log_id),
        histories=Histories(pool, pointers, ground.waiter, ground.store),
        notifications=NotificationQueries(pool, pointers, log_id),
        directory=directory,
        labels=LabelDirectory(access, ground.executor.states),
        changes=ChangeFeed(change_queries, ground.store, directory),
        change_waiters=change_waiters,
        trail=trail,
        proofs=LogProofs(PublishedFiles.of(settings), log_id),
    )


def search_index_of(ground: Ground) -> OpenSearchIndex | None:
    """None where PostgreSQL answers every search."""
    url = revealed(ground.settings.opensearch_url)
    if url is None:
        return None
    verify_tls = ground.settings.opensearch_verify_tls
    index = OpenSearchIndex(url, ground.pool, ground.log_id, verify_tls=verify_tls)
    ground.stack.push_async_callback(index.close)
    return index


async def _hearing(ground: Ground, queries: ChangeQueries) -> ChangeWaiters:
    """Whoever waits for changes, and states that are kept, hear what other processes append."""
    waiters = ChangeWaiters(queries, ground.waiter, most=ground.settings.max_feed_waiters)
    ground.stack.push_async_callback(waiters.stop)

    def heard(rows: Sequence[StoredRow]) -> None:
        ground.executor.states.heard(rows)
        waiters.heard(rows)

    if ground.nats is not None:
        await on_news(ground.nats, ground.log_id, heard)
    return waiters
