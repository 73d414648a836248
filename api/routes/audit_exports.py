"""Exports of a workspace's trail: asked for, made by a job, fetched as a file."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from msgspec import Struct
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.once import REPLAYED, once
from api.http.positions import position_headers
from api.http.reply import Header, Reply, header
from api.http.route import DirectRoute
from api.http.streamed import StreamedReply, attachment, require_alone
from api.routes.answers import encode
from api.routes.bulk import request_key
from commands.permissions import forbidden
from domain.errors import Kind, Refused, first_still_runs, invalid, not_found
from domain.values.ids import beside
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE
from infra.exports.book import SavedExport
from infra.exports.exporter import AskedExport
from infra.exports.filters import trail_filter
from infra.exports.formats import FORMATS
from infra.exports.saved import beside_job, export_request
from infra.ids import new_id
from infra.jobs.book import Item, NewJob
from infra.jobs.runner import EXPORT

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["The record"])

FormatName = Literal["bundle", "jsonl", "csv", "html", "ocel2"]


class NewExport(Body):
    """Everything of a workspace where it says nothing else. `from` and `to` are date-times or days
    of UTC, both included; with a `stream` or an `actor` nothing else is told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"format": "bundle", "from": "2026-01-01", "to": "2026-01-31"}]
        }
    )

    format: FormatName
    workspace_id: Annotated[str | None, Field(max_length=100)] = None
    since: Annotated[str | None, Field(alias="from", max_length=100)] = None
    until: Annotated[str | None, Field(alias="to", max_length=100)] = None
    stream: Annotated[str | None, Field(max_length=100)] = None
    actor: Annotated[str | None, Field(max_length=100)] = None


class ExportAnswer(Struct, frozen=True, kw_only=True):
    """`state`: running, done, failed (`problem` says why) or gone, where the file was deleted: it
    is kept until `expires_at`, and no longer than everybody in it is. `sha256` is of the file,
    which `url` leads to; `position` is where the log says that it was made."""

    id: str
    export_id: str
    job_id: str
    workspace_id: str
    format: str
    filter: dict[str, str]
    state: str
    problem: dict[str, Any] | None
    events: int | None
    bytes: int | None
    sha256: str | None
    position: int | None
    url: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


@router.post(
    "/audit/exports",
    summary="Have a file made of a workspace's trail",
    **write(ExportAnswer, status=202, has_path=False, may=(Kind.NOT_FOUND,)),
)
async def export_trail(call: CallHere, body: NewExport) -> Reply:
    given = once(call, body)
    key = None if given is None else request_key(call, given)
    if given is not None and key is not None:
        before = await call.house.jobs.book.of_key(key, given.digest)
        if before is not None:
            saved = await call.house.exports.book.find(beside_job(before.job_id))
            if saved is not None:
                return await _answer(call, saved, 202, [REPLAYED])
    workspace_id = await _workspace(call, body)
    stream = body.stream and await references.stream_in_trail(call, body.stream, workspace_id)
    wanted = trail_filter(since=body.since, until=body.until, stream=stream, actor=body.actor)
    if body.format == "ocel2" and (body.stream is not None or body.actor is not None):
        name = "actor" if body.stream is None else "stream"
        raise invalid(f"/{name}", "ocel2 tells of all tasks and people; leave it out.")
    job_id = new_id("job")
    asked = AskedExport(
        export_id=beside_job(job_id),
        workspace_id=workspace_id,
        format=body.format,
        wanted=wanted,
        origin=call.origin(),
    )
    exports = call.house.exports
    await exports.may(asked)
    await exports.book.ask(
        asked.export_id, workspace_id, call.caller.user_id, body.format, wanted.as_asked()
    )
    new = NewJob(
        job_id=job_id,
        kind=EXPORT,
        owner_id=call.caller.user_id,
        items=[Item(ordinal=0, workspace_id=workspace_id, task_id=None)],
        request=export_request(asked),
        key=key,
        digest=None if given is None else given.digest,
    )
    try:
        begun = await call.house.jobs.begin(new)
    except Refused:
        await exports.book.drop(asked.export_id)
        raise
    if begun is None:
        await exports.book.drop(asked.export_id)
        raise first_still_runs()
    saved = await exports.book.find(asked.export_id)
    assert saved is not None  # it was written just now
    return await _answer(call, saved, 202)


@router.get(
    "/audit/exports/{export_id}",
    summary="How far an export has come",
    **read(ExportAnswer, is_view=False),
)
async def get_export(call: CallHere, export_id: str) -> Reply:
    return await _answer(call, await _visible(call, export_id), 200)


@router.get(
    "/audit/exports/{export_id}/file",
    summary="The file of an export",
    description="Only for whoever asked for it, while they may read the trail.",
    **read(None, is_view=False),
)
async def get_export_file(call: CallHere, export_id: str) -> Reply:
    require_alone(call)
    saved = await _visible(call, export_id)
    chunks = await call.house.exports.content(saved)
    if chunks is None or saved.bytes is None:
        raise not_found("export")
    return StreamedReply(
        200,
        headers=[attachment(saved.file)],
        media=FORMATS[saved.format].media.encode("ascii"),
        chunks=chunks,
        size=saved.bytes,
    )


async def _workspace(call: Call, body: NewExport) -> str:
    """Where the caller may read the trail, or what refuses them says so."""
    found = body.workspace_id or call.within or await references.default_workspace(call)
    workspace = None if found is None else await call.access.newest(WORKSPACE, found)
    if workspace is None or workspace.role_of(call.caller.user_id) is None:
        if body.workspace_id is None:
            raise not_found("workspace")
        raise invalid("/workspace_id", "There is no workspace with this id.", "unknown")
    if Right.READ_TRAIL not in workspace_rights(workspace, call.caller.user_id):
        raise forbidden(Right.READ_TRAIL)
    return workspace.workspace_id


async def _visible(call: Call, export_id: str) -> SavedExport:
    """An export that the caller asked for, of a trail that they may still read.

    Raises Refused(NOT_FOUND).
    """
    saved = await call.house.exports.book.find(export_id)
    if saved is None or saved.owner_id != call.caller.user_id:
        raise not_found("export")
    workspace = await call.access.newest(WORKSPACE, saved.workspace_id)
    rights = frozenset() if workspace is None else workspace_rights(workspace, saved.owner_id)
    if Right.READ_TRAIL not in rights:
        raise not_found("export")
    return saved


async def _answer(
    call: Call, saved: SavedExport, status: int, headers: list[Header] | None = None
) -> Reply:
    place = f"/api/v1/audit/exports/{saved.export_id}"
    answer = ExportAnswer(
        id=saved.export_id,
        export_id=saved.export_id,
        job_id=beside("job", saved.export_id),
        workspace_id=saved.workspace_id,
        format=saved.format,
        filter=dict(saved.filter),
        state=saved.state,
        problem=None if saved.problem is None else dict(saved.problem),
        events=saved.events,
        bytes=saved.bytes,
        sha256=saved.digest,
        position=saved.position,
        url=f"{place}/file" if saved.state == "done" else None,
        created_at=saved.created_at,
        finished_at=saved.finished_at,
        expires_at=call.house.exports.expires_at(saved),
    )
    sent = [
        *(headers or ()),
        *position_headers(call, saved.position or await call.house.store.head()),
    ]
    if status == 202:
        sent.append(header("location", place))
    return Reply(status, encode(answer), sent)
