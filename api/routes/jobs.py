"""Jobs: how far they have come, what they did, and taking it back as one."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.names import with_names
from api.http.once import once
from api.http.paging import PageQuery, page_reply
from api.http.positions import position_headers
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import BulkAnswer, BulkResultPage, JobAnswer, JobBegun, encode
from api.routes.bulk import asked_by, begin, request_key
from api.routes.job_answers import job_answer, result_of
from domain.errors import Kind, Refused, invalid, not_found
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from infra.jobs.book import Item, Job, NewJob
from infra.postgres.views.cursors import CursorCodec, Int64
from projections.questions import Listing

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Batch"])

_CURSORS: Final = CursorCodec("job", Int64)
_COMMITS_AT_ONCE: Final = 100
_SEE_ALL: Final = frozenset({"owner", "admin"})


class ResultQuery(PageQuery):
    outcome: Annotated[
        tuple[Literal["changed", "unchanged", "refused"], ...],
        Field(max_length=3, description="Only these."),
    ] = ()


@router.get("/jobs/{job_id}", summary="How far a job has come", **read(JobAnswer, is_view=False))
async def get_job(call: CallHere, job_id: str) -> Reply:
    return await _shown(call, await _visible(call, job_id))


@router.get(
    "/jobs/{job_id}/results",
    summary="What a job did, task by task",
    **read(BulkResultPage, is_list=True, is_view=False),
)
async def job_results(call: CallHere, job_id: str, query: Annotated[ResultQuery, Query()]) -> Reply:
    job = await _visible(call, job_id)
    page = query.asked()
    if page.after_id is not None:
        raise invalid("/query/last_id", "Results have no ids; go on with cursor.")
    after = -1 if page.cursor is None else _CURSORS.decode(call.house.log_id, page.cursor)[0]
    items = await call.house.jobs.book.items(
        job.job_id,
        after + 1,
        outcomes=query.outcome or ("changed", "unchanged", "refused"),
        limit=page.limit + 1,
        skip=page.skip,
    )
    shown = items[: page.limit]
    has_more = len(items) > len(shown)
    listing = Listing(
        docs=b",".join(encode(result_of(item)) for item in shown),
        count=len(shown),
        has_more=has_more,
        next_cursor=_CURSORS.encode(call.house.log_id, (shown[-1].ordinal,)) if has_more else None,
        position=max((item.recorded or 0 for item in shown), default=0),
        total=job.total if page.total else None,
    )
    return page_reply(call, "results", listing, listing.docs)


@router.post(
    "/jobs/{job_id}/cancel",
    summary="Stop a job; what it did stays done",
    **write(JobAnswer, has_body=False),
)
async def cancel_job(call: CallHere, job_id: str) -> Reply:
    job = await _visible(call, job_id)
    await call.house.jobs.book.cancel(job.job_id)
    return await _shown(call, await _visible(call, job_id))


@router.post(
    "/jobs/{job_id}/undo",
    summary="Take back all that a job did",
    **write(BulkAnswer, has_body=False, may=(Kind.NOT_UNDOABLE,), also={202: JobBegun}),
)
async def undo_job(call: CallHere, job_id: str) -> Reply:
    job = await _visible(call, job_id)
    if job.state == "running":
        raise Refused(Kind.NOT_UNDOABLE, "It is still running; cancel it, or wait for its end.")
    done = await call.house.jobs.book.items(job.job_id, outcomes=("changed",))
    items = [
        Item(
            ordinal=ordinal,
            workspace_id=each.workspace_id,
            task_id=each.task_id,
            position=each.recorded,
        )
        for ordinal, each in enumerate(sorted(done, key=_last_first))
        if each.recorded is not None
    ]
    if not items:
        raise Refused(Kind.NOT_UNDOABLE, "This cannot be undone: it has changed nothing.")
    given = once(call)
    new = NewJob(
        job_id=new_id("job"),
        kind="undo",
        owner_id=call.caller.user_id,
        items=items,
        request=asked_by(call, _starts(items)),
        key=None if given is None else request_key(call, given),
        digest=None if given is None else given.digest,
    )
    return await begin(call, new, given)


def _starts(items: Sequence[Item]) -> list[int]:
    """Commits of many tasks are taken back one by one, those of one task some at once."""
    starts = [
        at
        for at, (before, item) in enumerate(zip([None, *items], items, strict=False))
        if before is None or before.position != item.position
    ]
    if len(starts) < len(items):
        return starts
    return list(range(0, len(items), _COMMITS_AT_ONCE))


def _last_first(item: Item) -> tuple[str, int, int]:
    return item.workspace_id, -(item.recorded or 0), -item.ordinal


async def _shown(call: Call, job: Job) -> Reply:
    counts = await call.house.jobs.book.counts(job.job_id)
    doc = await with_names(call, encode(job_answer(job, counts)))
    return Reply(200, doc, position_headers(call, await call.house.store.head()))


async def _visible(call: Call, job_id: str) -> Job:
    """A job of the caller's own, or of a workspace that they look after.

    Raises Refused(NOT_FOUND).
    """
    job = await call.house.jobs.book.find(job_id)
    if job is not None and call.within not in (None, job.workspace_id):
        raise not_found("job")
    if job is not None and job.owner_id == call.caller.user_id:
        return job
    if job is not None and job.workspace_id is not None:
        workspace = await call.access.newest(WORKSPACE, job.workspace_id)
        if workspace is not None and workspace.role_of(call.caller.user_id) in _SEE_ALL:
            return job
    raise not_found("job")
