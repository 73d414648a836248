"""Change all tasks that a filter finds: few at once, many as a job that goes on by itself."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body, parse_body
from api.http.call import Call, CallHere
from api.http.describe import write
from api.http.once import REPLAYED, Once, once
from api.http.positions import position_headers
from api.http.reply import Header, Reply
from api.http.route import DirectRoute
from api.routes.answers import BulkAnswer, JobBegun, encode
from api.routes.filter_bodies import FILTERS, filters_of, inside, list_query
from api.routes.job_answers import result_of
from api.routes.task_bodies import TaskChanges
from api.routes.task_listing import TaskInWorkspaceQuery, in_workspace
from domain.errors import Invalid, Kind, Problem, first_still_runs, invalid, pointer_token
from infra.ids import new_id
from infra.jobs.book import Item, Job, NewJob
from infra.jobs.changes import as_values
from projections.questions import Page
from projections.tasks import TASKS_VIEW

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Batch"])

# More than these are changed by a job.
AT_ONCE: Final = 1_000
# Small enough that requests beside it hardly wait, large enough that a commit costs little of it.
_TASKS_A_COMMIT: Final = 200


class BulkChange(Body):
    """`filter` has the filters of `GET /tasks`, a value or a list of values each; `patch` is what
    `PATCH /tasks/{id}` takes. With `dry_run` nothing happens but the answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "filter": {"project_id": "WEB", "status": ["todo", "blocked"], "tags": "old"},
                    "patch": {"priority": "low"},
                    "dry_run": True,
                }
            ]
        }
    )

    filter: Annotated[dict[str, Any], Field(description=f"Some of {', '.join(FILTERS)}, fields.")]
    patch: dict[str, Any]
    dry_run: bool = False


class _Matched(msgspec.Struct, frozen=True, gc=False):
    id: str
    workspace_id: str


_matched = msgspec.json.Decoder(list[_Matched])


@router.post(
    "/tasks/bulk",
    summary="Change all tasks that a filter finds",
    **write(
        BulkAnswer,
        has_path=False,
        may=(Kind.VIEW_BEHIND, Kind.KEY_AMBIGUOUS),
        also={202: JobBegun},
    ),
)
async def change_in_bulk(call: CallHere, body: BulkChange) -> Reply:
    patch = _patch(body.patch)
    try:
        query = _query(body.filter)
    except Invalid as wrong:
        raise inside("/filter", wrong) from None
    given = once(call, body)
    key = None if given is None else request_key(call, given)
    if given is not None and key is not None:
        before = await call.house.jobs.book.of_key(key, given.digest)
        if before is not None:
            return await _again(call, before)
    parent_id = await _parent(call, patch)
    found = await _find(call, query)
    if not found:
        return await _answer(call, None)
    items = [
        Item(ordinal=ordinal, workspace_id=each.workspace_id, task_id=each.id)
        for ordinal, each in enumerate(sorted(found, key=lambda each: each.workspace_id))
    ]
    new = NewJob(
        job_id=new_id("job"),
        kind="bulk",
        owner_id=call.caller.user_id,
        items=items,
        request={
            "changes": as_values(patch.commands("", parent_id)),
            **asked_by(call, _starts(len(items))),
        },
        dry_run=body.dry_run,
        key=key,
        digest=None if given is None else given.digest,
    )
    return await begin(call, new, given)


def _starts(total: int) -> list[int]:
    return list(range(0, total, total if total <= AT_ONCE else _TASKS_A_COMMIT))


def asked_by(call: Call, starts: Sequence[int]) -> dict[str, Any]:
    """What a job keeps of the request that began it; `starts` of its chunks."""
    return {
        "starts": list(starts),
        "request_id": call.request_id,
        "correlation_id": call.trace_id,
        "key_id": call.origin().key_id,
        "within": call.within,
    }


def request_key(call: Call, given: Once) -> bytes:
    """What makes a job the only one of its owner's Idempotency-Key."""
    said = f"{call.caller.user_id}\0{call.within or ''}\0{given.key}"
    return hmac.digest(call.house.request_digest_key, said.encode(), hashlib.sha256)


async def begin(call: Call, new: NewJob, given: Once | None) -> Reply:
    """Few items are done before the answer, many by whoever takes the job up."""
    few = len(new.items) <= AT_ONCE
    job = await call.house.jobs.begin(new, here=few)
    if job is None:
        assert given is not None  # only a key can be taken
        assert new.key is not None
        before = await call.house.jobs.book.of_key(new.key, given.digest)
        assert before is not None  # it is there, for it was met
        return await _again(call, before)
    if few and await call.house.jobs.work(job):
        return await _answer(call, job)
    return _begun(job)


async def _again(call: Call, job: Job) -> Reply:
    if job.total > AT_ONCE:
        return _begun(job, (REPLAYED,))
    if job.state == "running":
        raise first_still_runs()
    return await _answer(call, job, (REPLAYED,))


async def _answer(call: Call, job: Job | None, headers: Iterable[Header] = ()) -> Reply:
    items = [] if job is None else await call.house.jobs.book.items(job.job_id)
    _refuse_what_fits_none(items)
    recorded = [item.recorded for item in items if item.recorded is not None]
    position = max(recorded, default=0) or await call.house.store.head()
    answer = BulkAnswer(
        job_id=None if job is None else job.job_id,
        matched=len(items),
        changed=sum(item.outcome == "changed" for item in items),
        results=[result_of(item) for item in items],
    )
    return Reply(200, encode(answer), [*position_headers(call, position), *headers])


def _begun(job: Job, headers: Iterable[Header] = ()) -> Reply:
    place = f"/api/v1/jobs/{job.job_id}"
    found = [(b"location", place.encode("ascii")), *headers]
    return Reply(202, encode(JobBegun(job.job_id, job.job_id, job.total)), found)


def _refuse_what_fits_none(items: list[Item]) -> None:
    """A patch that is refused of every task for the same field is itself wrong."""
    problems = [(item.problem or {}).get("errors") for item in items]
    if not problems or not problems[0] or any(each != problems[0] for each in problems):
        return
    raise Invalid(
        *(Problem(f"/patch{each['pointer']}", each["code"], each["detail"]) for each in problems[0])
    )


def _patch(given: Mapping[str, Any]) -> TaskChanges:
    try:
        patch = parse_body(TaskChanges, given)
    except Invalid as wrong:
        raise inside("/patch", wrong) from None
    if patch.sent_back:
        raise Invalid(
            *(
                Problem(f"/patch/{name}", "read-only", f"{name} is each task's own.")
                for name in patch.sent_back
            )
        )
    return patch


async def _parent(call: Call, patch: TaskChanges) -> str | None:
    try:
        return await references.task_id_in_body(call, patch.parent_task_id, "/parent_task_id")
    except Invalid as wrong:
        raise inside("/patch", wrong) from None


def _query(given: Mapping[str, Any]) -> TaskInWorkspaceQuery:
    """The filter as a query string says it, so that each means here what it means there."""
    parameters = filters_of(given, "/filter", "A bulk has no pages and no order.")
    empty = [name for name, values in parameters.items() if not any(map(_names, values))]
    if given.get("fields") == {}:
        empty.append("fields")
    if empty:
        detail = "It names nothing, and would let every task in; leave it out where that is meant."
        raise Invalid(
            *(Problem(f"/filter/{pointer_token(name)}", "empty", detail) for name in empty)
        )
    return list_query(parameters)


def _names(value: str) -> bool:
    """Whether anything is left of it where commas and spaces only stand between values."""
    return bool(value.replace(",", " ").strip())


async def _find(call: Call, query: TaskInWorkspaceQuery) -> list[_Matched]:
    """Every task that the filter finds, as the view has it no earlier than the request came."""
    most = call.house.settings.max_bulk_tasks
    head = await call.house.store.head()
    await call.house.waiter.reached(TASKS_VIEW, head)
    try:
        tasks = await in_workspace(call, query)
    except Invalid as wrong:
        raise inside("/filter", wrong) from None
    await tasks.others_reached(call, head)
    found: list[_Matched] = []
    cursor: str | None = None
    while True:
        listing = await tasks.page(call, Page(limit=AT_ONCE, cursor=cursor))
        found += _matched.decode(b"[%b]" % listing.docs)
        if len(found) > most:
            raise invalid("/filter", f"Finds more than {most} tasks; ask for fewer.", "too-many")
        cursor = listing.next_cursor
        if cursor is None:
            return found
