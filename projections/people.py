"""People in stored answers: by id, each place marked, names filled in at the door in one pass.

A stored answer never holds a person's name, so a rename or an erasure touches one row of the
directory and no answer. Where a name belongs stands `"name":{"@":"<user id>"}`, which is valid
JSON. Nobody can forge it: inside a JSON string a quote is always escaped, and no object that a
user shapes (custom fields, imported attributes) ever stands under a key `name`.
"""

import re
from collections.abc import Mapping

import msgspec

_PLACE = re.compile(rb'"name":\{"@":"([^"]*)"\}')

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


class Places:
    """An answer taken apart at the places where names belong, to be filled in once they are
    known. Takes one search over the bytes."""

    __slots__ = ("_pieces", "_said_by")

    def __init__(self, doc: bytes) -> None:
        # What stands between the places, and in turn with it the ids that stand in them.
        self._pieces = _PLACE.split(doc)
        self._said_by = {each: each.decode() for each in set(self._pieces[1::2])}

    @property
    def user_ids(self) -> set[str]:
        """Of all people whose names belong into the answer."""
        return set(self._said_by.values())

    def filled(self, names: Mapping[str, bytes]) -> bytes:
        """The answer with names from `names`: user id -> name as JSON. A person whom it does not
        know is shown as null."""
        said = {raw: b'"name":' + names.get(each, b"null") for raw, each in self._said_by.items()}
        pieces = self._pieces.copy()
        pieces[1::2] = map(said.__getitem__, pieces[1::2])
        return b"".join(pieces)


def names_needed(doc: bytes) -> set[str]:
    """The ids of all people whose names belong into this answer."""
    return Places(doc).user_ids


def fill_names(doc: bytes, names: Mapping[str, bytes]) -> bytes:
    """The answer with each place filled in, as `Places.filled`."""
    return Places(doc).filled(names)
