"""The texts that a task is found by, as they were written."""

from typing import Final

import msgspec
from msgspec import msgpack

# What a task is found by is bounded: of its comments the latest, and of all its words the first.
MOST_COMMENTS: Final = 200
MOST_COMMENT_CHARACTERS: Final = 100_000


class Remark(msgspec.Struct, array_like=True, gc=False):
    """A comment; `text` is None where it was erased."""

    comment_id: str
    author_id: str
    text: str | None
    deleted: bool = False


class SearchTexts(msgspec.Struct, array_like=True):
    """What a task is found by, as it was written; None where it was erased. `comments`: the
    oldest first."""

    key: str = ""
    former_keys: list[str] = []
    external_id: str | None = None
    title: str | None = None
    title_author: str | None = None
    description: str | None = None
    description_author: str | None = None
    tags: list[str] = []
    comments: list[Remark] = []

    @property
    def said(self) -> list[str]:
        """The comments that are there to be read."""
        return [each.text for each in self.comments if each.text and not each.deleted]

    @property
    def author_ids(self) -> tuple[str, ...]:
        """Everybody who wrote one of the texts."""
        authors = [self.title_author, self.description_author]
        authors += [each.author_id for each in self.comments]
        return tuple(dict.fromkeys(each for each in authors if each is not None))


encoded = msgpack.Encoder().encode
texts_of = msgpack.Decoder(SearchTexts).decode


def latest(comments: list[Remark]) -> list[Remark]:
    """Without the oldest ones where there are too many, or too long ones."""
    size = sum(len(each.text or "") for each in comments)
    first = max(0, len(comments) - MOST_COMMENTS)
    size -= sum(len(each.text or "") for each in comments[:first])
    while size > MOST_COMMENT_CHARACTERS:
        size -= len(comments[first].text or "")
        first += 1
    return comments[first:]
