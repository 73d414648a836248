"""Favourites: the projects and tasks that each person keeps at hand, the latest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.favourites.events import FavouriteAdded, FavouriteRemoved
from domain.values.ids import kind_of
from domain.values.recorded import Recorded

from .projection import Projection, Rows, Table

_TYPES = {"proj": "project", "task": "task"}


class Favourite(msgspec.Struct, frozen=True):
    """A favourite as its row holds it; the door puts the project or the task beside it."""

    id: str
    entity_type: str
    entity_id: str
    workspace_id: str
    added_at: datetime


@dataclass(slots=True)
class FavouriteRow:
    """`added` is the position at which it became one."""

    user_id: str
    entity_id: str
    workspace_id: str
    added: int
    doc: bytes


FAVOURITES = Table(
    "favourites",
    FavouriteRow,
    {
        "user_id": "text",
        "entity_id": "text",
        "workspace_id": "text",
        "added": "bigint",
        "doc": "bytea",
    },
    key=("user_id", "entity_id"),
    indexes=("(user_id, added, entity_id)",),
)

_json = msgspec.json.Encoder()
_favourites = msgspec.json.Decoder(list[Favourite])


def favourites_in(docs: bytes) -> list[Favourite]:
    """The favourites of a page of this view's rows, joined by commas."""
    return _favourites.decode(b"[%b]" % docs)


def _added(recorded: Recorded, rows: Rows) -> None:
    event: FavouriteAdded = recorded.event
    stamp = recorded.stamp
    favourite = Favourite(
        event.entity_id,
        _TYPES.get(kind_of(event.entity_id) or "", "unknown"),
        event.entity_id,
        stamp.workspace_id,
        stamp.at,
    )
    rows.put(
        "favourites",
        FavouriteRow(
            event.user_id,
            event.entity_id,
            stamp.workspace_id,
            stamp.position,
            _json.encode(favourite),
        ),
    )


def _removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("favourites", recorded.event.user_id, recorded.event.entity_id)


def _reads(_recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return ()


FAVOURITES_VIEW = Projection(
    name="favourites",
    version=1,
    tables=(FAVOURITES,),
    holds_text=False,
    folds={FavouriteAdded: _added, FavouriteRemoved: _removed},
    reads=_reads,
)
