"""Marks: the places in stored answers where something belongs that the answer must not hold.

A stored answer is the same for everybody and outlives renames and erasures, so it names people by
id, labels by tag, and other tasks by id whoever may see them. Each such place is a mark: JSON
between two tabs, which leaves the answer valid JSON. Nobody can forge one, and one split finds them
all: what encodes answers puts no space between values, and inside a string a tab is escaped.

A mark's first byte tells what belongs there: `PERSON`, `LABELS` or `TASKS`.
"""

from collections.abc import Mapping, Sequence

import msgspec

PERSON = ord('"')
LABELS = ord("{")
TASKS = ord("[")

_TAB = b"\t"


def mark(doc: bytes) -> msgspec.Raw:
    """A place that holds `doc` until it is filled in."""
    return msgspec.Raw(_TAB + doc + _TAB)


class Marked:
    """An answer taken apart at its marks."""

    __slots__ = ("_by_kind", "_pieces")

    def __init__(self, doc: bytes) -> None:
        # What stands between the marks, and in turn with it the marks.
        self._pieces = doc.split(_TAB)
        self._by_kind: dict[int, list[bytes]] = {}
        for each in set(self._pieces[1::2]):
            self._by_kind.setdefault(each[0], []).append(each)

    def of(self, kind: int) -> Sequence[bytes]:
        """What its marks of a kind hold, each once."""
        return self._by_kind.get(kind, ())

    def filled(self, said: Mapping[bytes, bytes]) -> bytes:
        """The answer with what each mark says: `said` knows all that `of` gave."""
        pieces = self._pieces.copy()
        pieces[1::2] = map(said.__getitem__, pieces[1::2])
        return b"".join(pieces)
