"""What is said, to whom, and in answer to what."""

from commands.comment.add_comment import AddComment
from commands.task.trash_task import TrashTask
from domain.comment.state import COMMENT, Comment
from domain.errors import Kind
from infra.ids import new_id
from tests.commands.refusals import pointers, refusal

WITH_ANY_LOG = True


async def say(house, task_id: str, text: str = "Done?", **other) -> Comment:
    command = AddComment(task_id=task_id, text=text, **other)
    return (await house.run(house.ann, command)).state(COMMENT)


async def test_people_are_mentioned_by_name_and_by_id(house):
    task = await house.task()
    text = f"@BOB, @{house.admin}. mail ann@bob.org @@bob @nobody @eve @guest @bob"
    comment = await say(house, task.task_id, text, mentions=(house.auditor,))
    assert comment.mentions == (house.auditor, house.bob, house.admin)
    assert (comment.author_id, comment.project_id) == (house.ann, house.project_id)


async def test_only_who_may_see_the_task_is_mentioned(house):
    task = await house.task()
    command = AddComment(task_id=task.task_id, text="x", mentions=(house.bob, house.eve))
    assert await pointers(house.run(house.ann, command)) == ["/mentions/1"]


async def test_an_answer_is_to_a_comment_on_the_same_task(house):
    task, other = await house.task(), await house.task()
    first = await say(house, task.task_id)
    assert (await say(house, task.task_id, reply_to=first.comment_id)).reply_to == first.comment_id
    for task_id, reply_to in (
        (other.task_id, first.comment_id),
        (task.task_id, new_id("cmt")),
        (task.task_id, "x"),
    ):
        command = AddComment(task_id=task_id, text="x", reply_to=reply_to)
        assert await pointers(house.run(house.ann, command)) == ["/reply_to"]


async def test_a_comment_may_bring_its_own_id_once(house):
    task = await house.task()
    comment_id = new_id("cmt")
    assert (await say(house, task.task_id, comment_id=comment_id)).comment_id == comment_id
    again = AddComment(task_id=task.task_id, text="x", comment_id=comment_id)
    refused = await refusal(house.run(house.ann, again))
    assert (refused.kind, refused.fields) == (Kind.ALREADY_EXISTS, {"field": "comment_id"})
    wrong = AddComment(task_id=task.task_id, text="x", comment_id=new_id("task"))
    assert await pointers(house.run(house.ann, wrong)) == ["/comment_id"]


async def test_nothing_is_said_about_a_task_in_the_trash_also_when_another_process_put_it_there(
    house,
):
    task = await house.task()
    await house.other.run(house.ann, TrashTask(task_id=task.task_id))
    refused = await refusal(house.run(house.ann, AddComment(task_id=task.task_id, text="x")))
    assert refused.kind is Kind.TRASHED
