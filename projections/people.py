"""People in stored answers: by id, each name a mark, so that a rename or an erasure touches one row
of the directory and no answer."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated

import msgspec

from .marks import mark

SYSTEM = "system"

NameMark = Annotated[
    msgspec.Raw,
    msgspec.Meta(description="The person's name.", extra_json_schema={"type": ["string", "null"]}),
]


class Named(msgspec.Struct, frozen=True, gc=False):
    """A person as `{"user_id", "name"}`."""

    user_id: str
    name: NameMark


class Person(msgspec.Struct, frozen=True, gc=False):
    """A person as an assignee is shown."""

    user_id: str
    name: NameMark
    avatar_url: str | None = None


def name_of(user_id: str) -> NameMark:
    """The place of a person's name."""
    return mark(b'"%b"' % user_id.encode())


# Few people do most of what happens, each many times.
@lru_cache(maxsize=4_096)
def named(user_id: str) -> Named:
    return Named(user_id, name_of(user_id))


@lru_cache(maxsize=4_096)
def person(user_id: str) -> Person:
    return Person(user_id, name_of(user_id))


def people_in(marks: Iterable[bytes]) -> dict[bytes, str]:
    """What marks of the kind `PERSON` hold, and the id of the person whose name belongs there."""
    return {each: each[1:-1].decode() for each in marks}
