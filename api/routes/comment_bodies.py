"""Bodies about comments, and the commands that they stand for."""

from dataclasses import replace
from typing import Annotated, ClassVar

from msgspec import UNSET
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.values import Reference
from commands.comment.add_comment import AddComment
from commands.comment.edit_comment import EditComment
from domain.errors import Invalid, invalid

Text = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 20_000})]


class Mentioned(Body):
    """Somebody as an answer names them, sent back."""

    derived: ClassVar[frozenset[str]] = frozenset({"name"})

    user_id: Reference


Mentions = list[Reference | Mentioned]


class NewComment(Body):
    """`text` (or `content`), Markdown; `@username` in it mentions."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Done as **agreed**, @ada."}]}
    )

    text: Text | None = None
    content: Annotated[str, Field(description="The same as `text`.")] | None = None
    mentions: Mentions | None = None
    reply_to: Reference | None = None
    comment_id: Annotated[Reference, Field(description="A fresh one of your own.")] | None = None

    def command(self, task_id: str) -> AddComment:
        if (self.text is None) == (self.content is None):
            raise invalid("/text", "Give text, or content in its place.", "required")
        return AddComment(
            task_id=task_id,
            text=self.text if self.text is not None else self.content or "",
            mentions=_ids(self.mentions),
            reply_to=self.reply_to,
            comment_id=self.comment_id,
        )


class CommentChanges(Body):
    """A field left out stays. Whom the new text calls is found out anew; `mentions` are named
    beside it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Done, @ada."}]})

    derived: ClassVar[frozenset[str]] = frozenset(
        {
            "author", "html", "is_automated", "position", "reactions", "updated_at", "version",
        }
    )  # fmt: skip
    identity: ClassVar[frozenset[str]] = frozenset(
        {"comment_id", "created_at", "id", "reply_to", "task_id", "user_id"}
    )

    text: Text = ""
    content: Annotated[str, Field(description="The same as `text`.")] = ""
    mentions: Mentions | None = None

    def command(self, comment_id: str) -> EditComment:
        if self.gives("text") and self.gives("content"):
            raise invalid("/text", "Give text, or content in its place.", "required")
        named = "content" if self.gives("content") else "text"
        return EditComment(
            comment_id=comment_id,
            text=getattr(self, named) if self.gives(named) else UNSET,
            mentions=_ids(self.mentions) if self.gives("mentions") else UNSET,
        )


def where_said(body: NewComment | CommentChanges, wrong: Invalid) -> Invalid:
    """What is wrong with a text, at the field under which the client sent it."""
    if not body.gives("content"):
        return wrong
    return Invalid(
        *(
            replace(each, pointer="/content") if each.pointer == "/text" else each
            for each in wrong.problems
        )
    )


def _ids(mentions: Mentions | None) -> tuple[str, ...]:
    return tuple(each if isinstance(each, str) else each.user_id for each in mentions or ())
