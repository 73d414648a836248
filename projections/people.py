"""People in stored answers: by id, each place marked, names filled in at the door in one pass.

A stored answer never holds a person's name, so a rename or an erasure touches one row of the
directory and no answer. Where a name belongs stands `"name":{"@":"<user id>"}`, which is valid
JSON. Nobody can forge it: inside a JSON string a quote is always escaped, and no object that a
user shapes (custom fields, imported attributes) ever stands under a key `name`.
"""

import re
from collections.abc import Mapping

import msgspec

_MARK = re.compile(rb'"name":\{"@":"([^"]+)"\}')

SYSTEM = "system"


class Mark(msgspec.Struct, frozen=True, gc=False):
    """The place of a name."""

    user_id: str = msgspec.field(name="@")


class Named(msgspec.Struct, frozen=True, gc=False):
    """A person as `{"user_id", "name"}`."""

    user_id: str
    name: Mark


class Person(msgspec.Struct, frozen=True, gc=False):
    """A person as an assignee is shown."""

    user_id: str
    name: Mark
    avatar_url: str | None = None


def named(user_id: str) -> Named:
    return Named(user_id, Mark(user_id))


def person(user_id: str) -> Person:
    return Person(user_id, Mark(user_id))


def names_needed(doc: bytes) -> set[str]:
    """The ids of all people whose names belong into this answer."""
    return {found.decode() for found in set(_MARK.findall(doc))}


def fill_names(doc: bytes, names: Mapping[str, bytes]) -> bytes:
    """The answer with each marked place filled in from `names`: user id -> name as JSON.

    A person whom `names` does not know is shown as null.
    """
    parts = _MARK.split(doc)
    if len(parts) == 1:
        return doc
    filled = {mark: b'"name":' + names.get(mark.decode(), b"null") for mark in set(parts[1::2])}
    parts[1::2] = [filled[mark] for mark in parts[1::2]]
    return b"".join(parts)
