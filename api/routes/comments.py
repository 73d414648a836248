"""Comments on tasks, and the reactions to them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.http import references
from api.http.bodies import require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.queries import ReadQuery
from api.http.reads import Found, find_task, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import CommentPage
from api.routes.comment_bodies import CommentChanges, NewComment, where_said
from commands.comment.delete_comment import DeleteComment
from commands.comment.restore_comment import RestoreComment
from commands.execution import Outcome
from commands.reactions.add_reaction import AddReaction
from commands.reactions.remove_reaction import RemoveReaction
from domain.comment.state import COMMENT, Comment
from domain.errors import Invalid, Kind, not_found
from domain.reactions.state import REACTIONS, Reactions, reactions_of
from projections.comments import COMMENTS_VIEW, CommentAnswer, render_comment

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Comments"])

_STOPS = (Kind.TRASHED, Kind.ARCHIVED)


@router.post(
    "/tasks/{task_id}/comments",
    summary="Comment on a task",
    **write(CommentAnswer, status=201, may=(Kind.ALREADY_EXISTS, *_STOPS)),
)
async def add_comment(call: CallHere, task_id: str, body: NewComment) -> Reply:
    command = body.command(await references.task_id(call, task_id))
    try:
        outcome = await execute(call, [command], body=body)
    except Invalid as wrong:
        raise where_said(body, wrong) from None
    comment = outcome.state(COMMENT)
    # A new comment has no reactions yet; a repeated answer shows those of today.
    reactions = await _reactions(call, comment) if outcome.replayed else None
    location = f"/api/v1/comments/{comment.comment_id}"
    return await _changed(call, outcome, reactions, status=201, location=location)


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
    return page_reply(call, "comments", listing, await with_names(call, listing.docs, position))


@router.get("/comments/{comment_id}", summary="Read a comment", **read(CommentAnswer, is_one=True))
async def get_comment(
    call: CallHere, comment_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    comment = await visible_comment(call, comment_id)
    reactions = await _reactions(call, comment)
    position = _shown(comment, reactions)
    found = Found(
        render_comment(comment, _given(reactions), position),
        comment.version,
        position,
        comment.workspace_id,
        comment.project_id,
    )
    return await one(call, found, call.position)


@router.patch(
    "/comments/{comment_id}",
    summary="Change a comment of your own",
    **write(CommentAnswer, conditional=True, may=_STOPS),
)
async def change_comment(call: CallHere, comment_id: str, body: CommentChanges) -> Reply:
    await _require_same_identity(call, comment_id, body)
    command = body.command(comment_id)
    try:
        outcome = await execute(call, [command], body=body, match=comment_id)
    except Invalid as wrong:
        raise where_said(body, wrong) from None
    return await _changed(call, outcome, await _reactions(call, outcome.state(COMMENT)))


@router.delete(
    "/comments/{comment_id}",
    summary="Take a comment away; answers to it stay",
    **write(None, status=204, conditional=True, has_body=False, may=_STOPS),
)
async def delete_comment(call: CallHere, comment_id: str) -> Reply:
    return await done(call, DeleteComment(comment_id=comment_id), match=comment_id)


@router.post(
    "/comments/{comment_id}/restore",
    summary="Bring a deleted comment back",
    **write(CommentAnswer, conditional=True, has_body=False, may=_STOPS),
)
async def restore_comment(call: CallHere, comment_id: str) -> Reply:
    outcome = await execute(call, [RestoreComment(comment_id=comment_id)], match=comment_id)
    return await _changed(call, outcome, await _reactions(call, outcome.state(COMMENT)))


@router.put(
    "/comments/{comment_id}/reactions/{emoji}",
    summary="React to a comment",
    **write(CommentAnswer, has_body=False, may=_STOPS),
)
async def add_reaction(call: CallHere, comment_id: str, emoji: str) -> Reply:
    outcome = await execute(call, [AddReaction(comment_id=comment_id, emoji=emoji)])
    return await _changed(call, outcome, await _reactions(call, outcome.state(COMMENT)))


@router.delete(
    "/comments/{comment_id}/reactions/{emoji}",
    summary="Take a reaction of your own back",
    **write(None, status=204, has_body=False, may=_STOPS),
)
async def remove_reaction(call: CallHere, comment_id: str, emoji: str) -> Reply:
    return await done(call, RemoveReaction(comment_id=comment_id, emoji=emoji))


async def _changed(
    call: Call,
    outcome: Outcome,
    reactions: Reactions | None,
    *,
    status: int = 200,
    location: str | None = None,
) -> Reply:
    comment = outcome.state(COMMENT)
    doc = render_comment(comment, _given(reactions), _shown(comment, reactions))
    return changed(
        call,
        outcome,
        await with_names(call, doc),
        comment.version,
        status=status,
        location=location,
    )


async def visible_comment(call: Call, comment_id: str) -> Comment:
    """A comment whose task the caller may see now. Raises Refused(NOT_FOUND)."""
    access = call.access
    comment = await access.newest(COMMENT, comment_id)
    if comment is None or comment.deleted:
        raise not_found("comment")
    if await access.newest_task(call.caller.user_id, comment.task_id) is None:
        raise not_found("comment")
    return comment


async def _reactions(call: Call, comment: Comment) -> Reactions | None:
    return await call.access.newest(REACTIONS, reactions_of(comment.comment_id))


def _given(reactions: Reactions | None) -> dict[str, tuple[str, ...]]:
    return {} if reactions is None else {**reactions.given}


def _shown(comment: Comment, reactions: Reactions | None) -> int:
    """The position that the answer shows."""
    return max(comment.position, 0 if reactions is None else reactions.position)


async def _require_same_identity(call: Call, comment_id: str, body: CommentChanges) -> None:
    if not body.sent_back:
        return
    comment = await visible_comment(call, comment_id)
    present: dict[str, Any] = {
        "id": comment.comment_id,
        "comment_id": comment.comment_id,
        "task_id": comment.task_id,
        "user_id": comment.author_id,
        "reply_to": comment.reply_to,
        "created_at": comment.created_at,
    }
    require_unchanged(body.sent_back, present)
