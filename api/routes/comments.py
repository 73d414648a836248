"""Comments on tasks."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.http import references
from api.http.call import CallHere
from api.http.describe import read, write
from api.http.execute import changed, execute
from api.http.markdown import as_html
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.queries import ReadQuery
from api.http.reads import Found, find_task, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import CommentPage
from api.routes.task_bodies import NewComment
from commands.comment.add_comment import AddComment
from domain.comment.state import COMMENT, Comment
from domain.errors import Kind, invalid, not_found
from projections.comments import COMMENTS_VIEW, CommentAnswer, comments_of, render_comment

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Comments"])


@router.post(
    "/tasks/{task_id}/comments",
    summary="Comment on a task",
    **write(CommentAnswer, status=201, may=(Kind.ALREADY_EXISTS, Kind.TRASHED, Kind.ARCHIVED)),
)
async def add_comment(call: CallHere, task_id: str, body: NewComment) -> Reply:
    if (body.text is None) == (body.content is None):
        raise invalid("/text", "Give text, or content in its place.", "required")
    command = AddComment(
        task_id=await references.task_id(call, task_id),
        text=body.text if body.text is not None else body.content or "",
        mentions=tuple(body.mentions or ()),
        reply_to=body.reply_to,
        comment_id=body.comment_id,
    )
    outcome = await execute(call, [command], body=body)
    comment = outcome.state(COMMENT)
    return changed(
        call,
        outcome,
        await with_names(call, _render(comment)),
        comment.version,
        status=201,
        location=f"/api/v1/comments/{comment.comment_id}",
    )


@router.get(
    "/tasks/{task_id}/comments",
    summary="List a task's comments, the oldest first",
    **read(CommentPage, is_list=True),
)
async def list_comments(
    call: CallHere, task_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    house = call.house
    position = call.position
    found = await references.task_id(call, task_id)
    task = await find_task(call, found)
    listing = await house.waiter.at_least(
        COMMENTS_VIEW,
        position,
        lambda: house.comments.list(task.workspace_id, found, query.asked()),
    )
    docs = b",".join([_render(comment) for comment in comments_of(listing.docs)])
    return page_reply(call, "comments", listing, await with_names(call, docs, position))


@router.get("/comments/{comment_id}", summary="Read a comment", **read(CommentAnswer, is_one=True))
async def get_comment(
    call: CallHere, comment_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    position = call.position
    access = call.house.access
    comment = await access.newest(COMMENT, comment_id)
    if comment is None or not await access.newest_project(call.caller.user_id, comment.project_id):
        raise not_found("comment")
    found = Found(
        _render(comment),
        comment.version,
        comment.position,
        comment.workspace_id,
        comment.project_id,
    )
    return await one(call, found, position)


def _render(comment: Comment) -> bytes:
    html = as_html(comment.text) if isinstance(comment.text, str) else None
    return render_comment(comment, html)
