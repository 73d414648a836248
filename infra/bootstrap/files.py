"""What is worked off beside requests: bulks and exports, a person's own file, erasures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from infra.bootstrap.ground import Ground
from infra.bootstrap.upkeep import SWEEP_EVERY_S, every
from infra.bootstrap.views import Views
from infra.erasure.eraser import Eraser
from infra.erasure.places import PlacesOfPeople
from infra.exports.book import ExportBook
from infra.exports.exporter import Exporter
from infra.exports.files import ExportFiles
from infra.exports.formats import Sources
from infra.exports.own_file import OwnFiles
from infra.exports.saved import SavedExports
from infra.exports.seals import Seals
from infra.exports.whereabouts import Whereabouts
from infra.exports.workspace_ocel import WorkspaceOcel
from infra.jobs.book import JobBook
from infra.jobs.worker import Jobs
from infra.keys.content_keys import KeyRing
from infra.mail.folder import MailFolder
from infra.nats.wake import send_forgotten
from infra.people.sessions import Revocations
from infra.record.files import PublishedFiles
from infra.record.witnesses import Quorum


@dataclass(kw_only=True)
class Files:
    jobs: Jobs
    exporter: Exporter
    exports: SavedExports
    own_files: OwnFiles
    eraser: Eraser


def open_files(ground: Ground, views: Views, revocations: Revocations) -> Files:
    settings, pool, store = ground.settings, ground.pool, ground.store
    exporter = Exporter(ground.executor, _sources(ground, views))
    job_book = JobBook(pool, ground.vault, most_at_once=settings.max_jobs_at_once)
    exports = SavedExports(
        ExportBook(pool),
        ExportFiles.of(settings),
        exporter,
        job_book,
        kept=timedelta(hours=settings.keep_exports_hours),
    )
    every(SWEEP_EVERY_S, exports.sweep, ground.stack)
    kept = timedelta(days=settings.keep_jobs_days)
    jobs = Jobs(job_book, ground.executor, store, kept=kept, exports=exports)
    jobs.start()
    ground.stack.push_async_callback(jobs.stop)
    return Files(
        jobs=jobs,
        exporter=exporter,
        exports=exports,
        own_files=OwnFiles(pool, store),
        eraser=_eraser(ground, revocations),
    )


def _sources(ground: Ground, views: Views) -> Sources:
    pool, log_id, states = ground.pool, ground.log_id, ground.executor.states
    settings = ground.settings
    seals = Seals(pool, ground.nats, log_id, PublishedFiles.of(settings), Quorum.of(settings))
    objects = WorkspaceOcel(
        pool, ground.pointers, ground.waiter, states, views.histories, views.directory
    )
    return Sources(
        pool=pool,
        fresh_ring=lambda: KeyRing(pool, ground.master),
        take_snapshot=seals.snapshot,
        store=ground.store,
        view=views.trail,
        waiter=ground.waiter,
        objects=objects,
        whereabouts=Whereabouts(pool, ground.pointers, ground.waiter),
        states=states,
    )


def _eraser(ground: Ground, revocations: Revocations) -> Eraser:
    async def gone(key_ids: Sequence[bytes]) -> None:
        ground.forgotten.drop(key_ids)
        if ground.nats is not None:
            await send_forgotten(ground.nats, ground.log_id)

    files = ExportFiles.of(ground.settings)
    mails = MailFolder.of(ground.settings)
    places = PlacesOfPeople(ground.pool, ground.pointers, ground.waiter)
    return Eraser(ground.pool, ground.destroyed, files, mails, places, gone, revocations.add)
