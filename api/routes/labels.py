"""Labels of a workspace: what the tags of its tasks are called, and their colours."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from msgspec import UNSET
from pydantic import ConfigDict, Field

from api.http.bodies import Body, require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import ETAG_HEADER, read, write
from api.http.etags import etag
from api.http.execute import changed, done, execute
from api.http.paging import PageQuery, page_of_all, page_reply
from api.http.positions import position_headers
from api.http.queries import ReadQuery
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference
from api.http.visible import visible_workspace
from api.routes.answers import Page
from commands.execution import Outcome
from commands.labels.create_label import CreateLabel
from commands.labels.delete_label import DeleteLabel
from commands.labels.edit_label import EditLabel
from commands.labels.merge_label import MergeLabel
from commands.labels.restore_label import RestoreLabel
from domain.errors import Kind, not_found
from domain.labels.state import LABELS, Label, Labels, labels_of
from projections.labels import LabelAnswer, listed, place_of, render_label

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Labels"])

Name = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 50})]
Colour = Annotated[
    str, Field(description="`#rrggbb`, or the name of a colour; left out: one by the name.")
]


class LabelPage(Page, kw_only=True):
    labels: list[LabelAnswer]


class NewLabel(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "backend", "colour": "#aecbfa"}]}
    )

    name: Name
    colour: Colour | None = None
    label_id: Annotated[Reference, Field(description="A fresh one of your own.")] | None = None


class LabelChanges(Body):
    """A field left out stays; a colour of null is the one that the name leads to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "server"}]})

    derived: ClassVar[frozenset[str]] = frozenset({"merged_into", "deleted"})
    identity: ClassVar[frozenset[str]] = frozenset({"id", "label_id", "workspace_id"})

    name: Name = ""
    colour: Colour | None = None


class LabelMerge(Body):
    """The label that stands in its place from here on."""

    into: Reference


class LabelQuery(PageQuery):
    hidden: Annotated[
        bool, Field(description="Those that were deleted or merged, which can be restored.")
    ] = False


@router.post(
    "/workspaces/{workspace_id}/labels",
    summary="Make a label",
    **write(LabelAnswer, status=201, may=(Kind.ALREADY_EXISTS,)),
)
async def create_label(call: CallHere, workspace_id: str, body: NewLabel) -> Reply:
    command = CreateLabel(
        workspace_id=workspace_id, name=body.name, colour=body.colour, label_id=body.label_id
    )
    outcome = await execute(call, [command], body=body)
    made = outcome.state(LABELS).named(body.name)
    assert made is not None  # it was made under this name
    location = f"/api/v1/workspaces/{workspace_id}/labels/{made.label_id}"
    return _changed(call, outcome, made.label_id, status=201, location=location)


@router.get(
    "/workspaces/{workspace_id}/labels",
    summary="List a workspace's labels, by name",
    **read(LabelPage, is_list=True),
)
async def list_labels(
    call: CallHere, workspace_id: str, query: Annotated[LabelQuery, Query()]
) -> Reply:
    labels = await _visible(call, workspace_id)
    rows = [
        (place_of(label), render_label(label, workspace_id))
        for label in listed(labels, hidden=query.hidden)
    ]
    position = 0 if labels is None else labels.position
    listing = page_of_all(call.house.log_id, "labels", rows, query.asked(), position)
    return page_reply(call, "labels", listing, listing.docs)


@router.get(
    "/workspaces/{workspace_id}/labels/{label_id}",
    summary="Read a label",
    **read(LabelAnswer, shows=ETAG_HEADER),
)
async def get_label(
    call: CallHere, workspace_id: str, label_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    labels = await _visible(call, workspace_id)
    label = _known(labels, label_id)
    assert labels is not None  # it has this one
    doc = render_label(label, workspace_id)
    headers = [etag(labels.version, doc), *position_headers(call, labels.position)]
    return Reply(200, doc, headers)


@router.patch(
    "/workspaces/{workspace_id}/labels/{label_id}",
    summary="Rename a label or give it another colour, for every task",
    **write(LabelAnswer, conditional=True, may=(Kind.ALREADY_EXISTS,)),
)
async def change_label(
    call: CallHere, workspace_id: str, label_id: str, body: LabelChanges
) -> Reply:
    same = {"id": label_id, "label_id": label_id, "workspace_id": workspace_id}
    require_unchanged(body.sent_back, same)
    command = EditLabel(
        workspace_id=workspace_id,
        label_id=label_id,
        name=body.name if body.gives("name") else UNSET,
        colour=body.colour if body.gives("colour") else UNSET,
    )
    stream = labels_of(workspace_id)
    return _changed(call, await execute(call, [command], body=body, match=stream), label_id)


@router.delete(
    "/workspaces/{workspace_id}/labels/{label_id}",
    summary="Take a label away from every task",
    **write(None, status=204, has_body=False, conditional=True),
)
async def delete_label(call: CallHere, workspace_id: str, label_id: str) -> Reply:
    command = DeleteLabel(workspace_id=workspace_id, label_id=label_id)
    return await done(call, command, match=labels_of(workspace_id))


@router.post(
    "/workspaces/{workspace_id}/labels/{label_id}/merge",
    summary="Let another label stand in this one's place",
    **write(LabelAnswer, conditional=True),
)
async def merge_label(call: CallHere, workspace_id: str, label_id: str, body: LabelMerge) -> Reply:
    command = MergeLabel(workspace_id=workspace_id, label_id=label_id, into=body.into)
    stream = labels_of(workspace_id)
    return _changed(call, await execute(call, [command], body=body, match=stream), body.into)


@router.post(
    "/workspaces/{workspace_id}/labels/{label_id}/restore",
    summary="Bring back a label that was deleted or merged",
    **write(LabelAnswer, has_body=False, conditional=True, may=(Kind.ALREADY_EXISTS,)),
)
async def restore_label(call: CallHere, workspace_id: str, label_id: str) -> Reply:
    command = RestoreLabel(workspace_id=workspace_id, label_id=label_id)
    stream = labels_of(workspace_id)
    return _changed(call, await execute(call, [command], match=stream), label_id)


def _changed(
    call: Call, outcome: Outcome, label_id: str, *, status: int = 200, location: str | None = None
) -> Reply:
    labels = outcome.state(LABELS)
    doc = render_label(_known(labels, label_id), labels.workspace_id)
    return changed(call, outcome, doc, labels.version, status=status, location=location)


def _known(labels: Labels | None, label_id: str) -> Label:
    label = None if labels is None else labels.by_id.get(label_id)
    if label is None:
        raise not_found("label")
    return label


async def _visible(call: Call, workspace_id: str) -> Labels | None:
    """The labels of a workspace that the caller is in, as the log has them now; None where it has
    none yet. Raises Refused(NOT_FOUND)."""
    await visible_workspace(call, workspace_id)
    return await call.access.newest(LABELS, labels_of(workspace_id))
