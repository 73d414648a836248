"""What may be said about a task."""

from dataclasses import replace

from domain.comment import decisions
from domain.comment.events import CommentAdded, CommentDeleted, CommentRestored
from domain.comment.state import COMMENT
from domain.errors import Kind
from domain.task.events import TaskTrashed
from tests.domain.examples import task_of
from tests.domain.given import ANN, BOB, LIMITS, PROJECT_ID, TASK_ID, given

PLAIN = {"text": "Done?", "mentions": (), "reply_to": None, "answered": None, "limits": LIMITS}
SAID = CommentAdded(task_id=TASK_ID, project_id=PROJECT_ID, text="Done?")


def test_a_comment_is_its_authors():
    assert decisions.add(task_of().state, **PLAIN) == (SAID,)
    comment = given(COMMENT, "cmt_1", SAID).state
    assert (comment.author_id, comment.text, comment.version) == (ANN, "Done?", 1)


def test_an_answer_belongs_to_a_comment_on_the_same_task():
    task = task_of()
    answered = given(COMMENT, "cmt_1", SAID).state
    other = given(COMMENT, "cmt_2", CommentAdded(task_id="task_x", project_id="p", text="x")).state
    (event,) = decisions.add(task.state, **PLAIN | {"reply_to": "cmt_1", "answered": answered})
    assert event.reply_to == "cmt_1"
    for wrong in (None, other):
        task.when(decisions.add, **PLAIN | {"reply_to": "cmt_2", "answered": wrong}).invalid(
            "/reply_to unknown"
        )


def test_what_cannot_be_said():
    task = task_of()
    task.when(decisions.add, **PLAIN | {"text": " \n"}).invalid("/text blank")
    task.when(decisions.add, **PLAIN | {"text": "x" * 20_001}).invalid("/text too-long")
    task.when(decisions.add, **PLAIN | {"text": "a\x00b"}).invalid("/text characters")
    task.when(decisions.add, **PLAIN | {"mentions": (BOB,) * 51}).invalid("/mentions too-many")
    task.when(decisions.add, **PLAIN | {"mentions": (BOB,) * 50}).decide()
    task_of(TaskTrashed()).when(decisions.add, **PLAIN).refused(Kind.TRASHED)


def test_an_edit_keeps_what_was_said_before():
    task = task_of()
    comment = given(COMMENT, "cmt_1", SAID).state
    plain = {"mentions": (), "limits": LIMITS}
    task.when(decisions.edit, comment, text="Done?", **plain).nothing()
    (event,) = decisions.edit(task.state, comment, text="Done.", mentions=(BOB,), limits=LIMITS)
    assert (event.was, event.was_mentions) == ("Done?", ())
    after = given(COMMENT, "cmt_1", SAID, event).state
    assert (after.text, after.mentions, after.version) == ("Done.", (BOB,), 2)
    assert (event.task_id, event.project_id) == (TASK_ID, PROJECT_ID)
    assert COMMENT.authors(comment, event) == {"was": ANN}
    # What was said when more could be said still stands where only its mentions change.
    shorter = replace(LIMITS, comment=2)
    (event,) = decisions.edit(task.state, comment, text="Done?", mentions=(BOB,), limits=shorter)
    assert event.text == "Done?"
    for wrong in (" ", "x" * 20_001):
        task.when(decisions.edit, comment, text=wrong, **plain).invalid("/text")


def test_who_deleted_a_comment_may_bring_it_back_and_an_admin_always_may():
    deleted = CommentDeleted(task_id=TASK_ID, project_id=PROJECT_ID)
    restored = CommentRestored(task_id=TASK_ID, project_id=PROJECT_ID)
    task, comment = task_of(), given(COMMENT, "cmt_1", SAID).state
    assert task.when(decisions.delete, comment).decide() == (deleted,)
    gone = given(COMMENT, "cmt_1", SAID, deleted).state
    assert gone.deleted
    assert gone.deleted_by == ANN
    assert given(COMMENT, "cmt_1", SAID, deleted, restored).state.deleted_by is None
    task.when(decisions.delete, gone).nothing()
    bring_back = decisions.restore
    assert task.when(bring_back, gone, actor_id=ANN, is_admin=False).decide() == (restored,)
    assert task.when(bring_back, gone, actor_id=BOB, is_admin=True).decide() == (restored,)
    task.when(bring_back, gone, actor_id=BOB, is_admin=False).refused(Kind.FORBIDDEN)
    task.when(bring_back, comment, actor_id=BOB, is_admin=False).nothing()
    answer = PLAIN | {"reply_to": "cmt_1", "answered": gone}
    task_of().when(decisions.add, **answer).invalid("/reply_to")


def test_nothing_happens_to_comments_of_a_task_in_the_trash():
    comment = given(COMMENT, "cmt_1", SAID).state
    trashed = task_of(TaskTrashed())
    edited = {"text": "x", "mentions": (), "limits": LIMITS}
    trashed.when(decisions.edit, comment, **edited).refused(Kind.TRASHED)
    trashed.when(decisions.delete, comment).refused(Kind.TRASHED)
    again = {"actor_id": ANN, "is_admin": True}
    trashed.when(decisions.restore, comment, **again).refused(Kind.TRASHED)
