"""What was said is said otherwise, taken away and brought back."""

import asyncio

from commands.comment.add_comment import AddComment
from commands.comment.delete_comment import DeleteComment
from commands.comment.edit_comment import EditComment
from commands.comment.restore_comment import RestoreComment
from commands.project.archive_project import ArchiveProject
from commands.reactions.add_reaction import AddReaction
from commands.task.trash_task import TrashTask
from commands.workspace.remove_member import RemoveWorkspaceMember
from domain.comment.events import CommentAdded, CommentEdited
from domain.comment.state import COMMENT, Comment
from domain.errors import Kind
from domain.reactions.state import reactions_of
from tests.commands.refusals import pointers, refusal

WITH_ANY_LOG = True
THUMB = "\U0001f44d"


async def said(house, text: str = "Done?", **other) -> Comment:
    task = await house.task()
    command = AddComment(task_id=task.task_id, text=text, **other)
    return (await house.run(house.ann, command)).state(COMMENT)


async def edited(house, comment: Comment, **changes) -> Comment:
    command = EditComment(comment_id=comment.comment_id, **changes)
    return (await house.run(house.ann, command)).state(COMMENT)


async def test_an_edit_finds_out_anew_whom_the_text_calls(house):
    comment = await said(house, "@bob @admin see", mentions=(house.auditor,))
    after = await edited(house, comment, text="@admin @nobody @eve see")
    assert after.mentions == (house.auditor, house.admin)
    assert (await edited(house, comment, mentions=())).mentions == (house.admin,)
    assert (await edited(house, comment, mentions=(house.bob,))).mentions == (
        house.bob,
        house.admin,
    )
    refused = edited(house, comment, text="x", mentions=(house.bob, house.eve))
    assert await pointers(refused) == ["/mentions/1"]
    events = await house.events(comment.comment_id)
    assert [type(each) for each in events] == [CommentAdded, *[CommentEdited] * 3]
    assert (events[1].was, events[1].was_mentions) == (comment.text, comment.mentions)


async def test_whoever_left_is_no_longer_mentioned_after_an_edit(house):
    comment = await said(house, "see", mentions=(house.bob,))
    gone = RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob)
    await house.run(house.ann, gone)
    assert (await edited(house, comment, text="see again")).mentions == ()


async def test_a_deleted_comment_is_gone_until_it_is_restored(house):
    task = await house.task()
    asked = AddComment(task_id=task.task_id, text="Done?")
    comment = (await house.run(house.bob, asked)).state(COMMENT)
    comment_id = comment.comment_id
    await house.run(house.admin, DeleteComment(comment_id=comment_id))
    for command in (
        EditComment(comment_id=comment_id, text="x"),
        AddReaction(comment_id=comment_id, emoji=THUMB),
    ):
        assert (await refusal(house.run(house.bob, command))).kind is Kind.NOT_FOUND
    assert not (await house.run(house.bob, DeleteComment(comment_id=comment_id))).changed
    back = RestoreComment(comment_id=comment_id)
    assert (await refusal(house.run(house.bob, back))).kind is Kind.FORBIDDEN
    assert not (await house.run(house.admin, back)).state(COMMENT).deleted
    answer = AddComment(task_id=comment.task_id, text="Yes", reply_to=comment_id)
    assert (await house.run(house.bob, answer)).state(COMMENT).reply_to == comment_id


async def test_comments_of_what_is_put_away_stay_as_they_are(house):
    comment = await said(house)
    commands = (
        EditComment(comment_id=comment.comment_id, text="x"),
        DeleteComment(comment_id=comment.comment_id),
        AddReaction(comment_id=comment.comment_id, emoji=THUMB),
    )
    await house.run(house.ann, TrashTask(task_id=comment.task_id))
    for command in commands:
        assert (await refusal(house.run(house.ann, command))).kind is Kind.TRASHED
    await house.run(house.ann, ArchiveProject(project_id=house.project_id))
    for command in commands:
        assert (await refusal(house.run(house.ann, command))).kind is Kind.ARCHIVED


async def test_who_reacts_disturbs_neither_an_edit_nor_each_other(house):
    comment = await said(house)
    react = AddReaction(comment_id=comment.comment_id, emoji=THUMB)
    people = (house.ann, house.admin, house.bob)
    await asyncio.gather(*(house.run(each, react) for each in people for _ in range(3)))
    assert len(await house.events(reactions_of(comment.comment_id))) == 3
    command = EditComment(comment_id=comment.comment_id, text="Done.")
    match = (comment.comment_id, comment.version)
    assert (await house.run(house.ann, command, if_match=match)).state(COMMENT).version == 2
