"""Exports that a job makes, kept for a while for whoever asked; and none of somebody forgotten."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from domain.errors import OF_THE_MACHINE, Kind, Refused
from domain.record.disclosure import NotReadable, SealBroken
from domain.values.recorded import Origin
from infra.exports.book import ExportBook, SavedExport
from infra.exports.exporter import AskedExport, Exporter
from infra.exports.files import ExportFiles
from infra.exports.filters import TrailFilter
from infra.exports.trail import TrailBroken
from infra.jobs.book import Job, JobBook, LeaseLost
from infra.tasks import cancelled

_TRIES: Final = 3
_GIVEN_UP_AFTER: Final = timedelta(hours=1)
_SWEEP_EVERY_S: Final = 600.0
_LEFT_BEHIND_S: Final = 3_600.0

_log = structlog.get_logger(__name__)


def export_request(asked: AskedExport) -> dict[str, Any]:
    """What a job keeps of the question, in plain values."""
    return {"wanted": asdict(asked.wanted), "origin": asdict(asked.origin)}


async def forget_exports(book: ExportBook, files: ExportFiles, workspaces: Collection[str]) -> int:
    """Delete every saved export of these workspaces, and see that none which is being made now is
    kept; how many files there were. To be called after the keys of whoever is forgotten are gone,
    and again where it fails. Raises ExportsAway and what PostgreSQL raises."""
    found = await book.forget(workspaces)
    await files.delete(each.file for each in found)
    await book.gone([each.export_id for each in found])
    return len(found)


class SavedExports:
    def __init__(
        self,
        book: ExportBook,
        files: ExportFiles,
        exporter: Exporter,
        jobs: JobBook,
        *,
        kept: timedelta,
    ) -> None:
        """`kept`: how long a file can be asked for."""
        self.book = book
        self.files = files
        self._exporter = exporter
        self._jobs = jobs
        self._kept = kept

    async def may(self, asked: AskedExport) -> None:
        """Raises Refused where they may not have it."""
        await self._exporter.may(asked)

    def expires_at(self, saved: SavedExport) -> datetime | None:
        """Until when its file is kept; None where there is none."""
        if saved.state != "done" or saved.finished_at is None:
            return None
        return saved.finished_at + self._kept

    async def content(self, saved: SavedExport) -> AsyncIterator[bytes] | None:
        """Its file, some bytes at a time; None where it is not there. Raises ExportsAway."""
        until = self.expires_at(saved)
        gone = until is None or until <= datetime.now(UTC)
        return None if gone else await self.files.chunks(saved.file)

    async def run(self, job: Job, request: dict[str, Any], worker: str) -> Refused | None:
        """Make the file that a job is for; why it was refused, where it was.

        Raises LeaseLost, and for an hour what may be over by then: Refused where a part of the
        machine is down, OSError for a full disk.
        """
        (item,) = await self._jobs.items(job.job_id)
        export_id = beside_job(job.job_id)
        saved = await self.book.find(export_id)
        if saved is None or saved.state != "running":
            return None
        if job.cancelled:
            return await self._failed(export_id, _was_cancelled())
        asked = AskedExport(
            export_id=export_id,
            workspace_id=item.workspace_id,
            format=saved.format,
            wanted=TrailFilter(**request["wanted"]),
            origin=Origin(**request["origin"]),
        )
        old = datetime.now(UTC) - job.created_at > _GIVEN_UP_AFTER
        try:
            await self._with_lease(job, worker, self._make(asked))
        except LeaseLost:
            raise
        except Refused as refused:
            if refused.kind in OF_THE_MACHINE and not old:
                raise
            return await self._failed(export_id, refused)
        except (TrailBroken, NotReadable, SealBroken) as error:
            _log.error("export_broken", export_id=export_id, error=str(error))
            detail = f"{error}: whoever runs the product asks `taskledger verify --database`."
            return await self._failed(export_id, Refused(Kind.DEPENDENCY_DOWN, detail))
        except Exception:
            if not old:
                raise
            _log.exception("export_failed", export_id=export_id)
            detail = "It could not be made; whoever runs the product finds in the log why."
            return await self._failed(export_id, Refused(Kind.DEPENDENCY_DOWN, detail))
        return None

    async def _failed(self, export_id: str, refused: Refused) -> Refused:
        problem = {"code": str(refused.kind), "detail": refused.detail, **refused.fields}
        await self.book.failed(export_id, problem)
        return refused

    async def _make(self, asked: AskedExport) -> None:
        self.files.making.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_TRIES):
            saved = await self.book.find(asked.export_id)
            if saved is None or saved.state != "running":
                return
            path = self.files.making / saved.file
            try:
                exported = await self._exporter.export(asked, path)
                await self.files.keep(saved.file, path)
            finally:
                path.unlink(missing_ok=True)
            if await self.book.done(saved, exported):
                return
            # Somebody was forgotten meanwhile: it is made anew, without them.
            await self.files.delete([saved.file])
        raise Refused(Kind.OVERLOADED, "People are being forgotten here; ask again later.")

    async def _with_lease(self, job: Job, worker: str, making: Any) -> None:
        """Nobody else takes the job up while this goes on."""
        work = asyncio.ensure_future(making)
        try:
            while not work.done():
                await asyncio.wait((work,), timeout=self._jobs.lease.total_seconds() / 3)
                if not work.done() and await self._jobs.settle(job.job_id, worker, []):
                    raise _was_cancelled()
            await work
        finally:
            await cancelled(work)

    async def sweep(self) -> None:
        """Delete what was kept long enough, and what a process left behind that died."""
        while found := await self.book.older(self._kept):
            await self.files.delete(each.file for each in found)
            await self.book.gone([each.export_id for each in found])
        with suppress(FileNotFoundError):
            for left in self.files.making.iterdir():
                if left.stat().st_mtime < time.time() - _LEFT_BEHIND_S:
                    left.unlink(missing_ok=True)


def _was_cancelled() -> Refused:
    return Refused(Kind.CONFLICT, "It was cancelled.")


def beside_job(job_id: str) -> str:
    """The id of the export that a job makes."""
    return f"exp_{job_id.partition('_')[2]}"
