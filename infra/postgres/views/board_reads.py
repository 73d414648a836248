"""Boards and columns as they were read: the answers they make, and how large they are."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from domain.values.frozen import dataclass

_json = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class BoardRead:
    """A board. `head` is the project and each column's `head` the column as JSON objects; its
    `cards` are JSON objects joined by commas, with places for people's names still open."""

    workspace_id: str
    project_id: str
    head: bytes
    columns: tuple["ColumnRead", ...]
    position: int
    stale: tuple[str, ...] = ()
    lanes: "LanesRead | None" = None
    parked: bool = False

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return len(self.head) + sum(len(each.head) + len(each.cards) for each in self.columns)

    def at(self, position: int) -> "BoardRead":
        """The same, as of that position."""
        return self if position == self.position else replace(self, position=position)

    def doc(self) -> bytes:
        """The whole answer."""
        docs = [
            column.doc(None if self.lanes is None else self.lanes.columns.get(place, b""))
            for place, column in enumerate(self.columns)
        ]
        lanes = b"" if self.lanes is None else self.lanes.head
        return b'{"project":%b,"columns":[%b]%b,"position":%d}' % (
            self.head,
            b",".join(docs),
            lanes,
            self.position,
        )


@dataclass(frozen=True, slots=True)
class LanesRead:
    """A board by lanes. `head` is what the whole board says of them, as further members of its
    answer; `columns` by place the lanes of each column, JSON objects joined by commas."""

    head: bytes
    columns: Mapping[int, bytes]
    position: int


@dataclass(frozen=True, slots=True)
class ColumnRead:
    head: bytes
    count: int
    cards: bytes
    next_cursor: str | None
    position: int
    stale: tuple[str, ...] = ()

    def doc(self, lanes: bytes | None = None) -> bytes:
        """The column's answer: its head, what stands in it, and the same by lanes."""
        return b"%b,%b%b}" % (
            self.head[:-1],
            counted(self.count, self.cards, self.next_cursor),
            b"" if lanes is None else b',"lanes":[%b]' % lanes,
        )


def counted(count: int, cards: bytes, next_cursor: str | None) -> bytes:
    """What stands somewhere, as members of an answer."""
    return b'"count":%d,"cards":[%b],"next_cursor":%b,"has_more":%b' % (
        count,
        cards,
        _json(next_cursor),
        b"false" if next_cursor is None else b"true",
    )
