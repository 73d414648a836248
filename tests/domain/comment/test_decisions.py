"""What may be said about a task."""

from domain.comment import decisions
from domain.comment.events import CommentAdded
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
            "/reply_to"
        )


def test_what_cannot_be_said():
    task = task_of()
    task.when(decisions.add, **PLAIN | {"text": " \n"}).invalid("/text")
    task.when(decisions.add, **PLAIN | {"text": "x" * 20_001}).invalid("/text")
    task.when(decisions.add, **PLAIN | {"text": "a\x00b"}).invalid("/text")
    task.when(decisions.add, **PLAIN | {"mentions": (BOB,) * 51}).invalid("/mentions")
    task_of(TaskTrashed()).when(decisions.add, **PLAIN).refused(Kind.TRASHED)
