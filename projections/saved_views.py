"""Saved views of tasks: what each asks for, with whom it is shared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.saved_view.state import SavedView, evolve
from domain.values.recorded import Recorded
from domain.values.text import readable

from .people import Named, named
from .projection import Projection, Rows, Table
from .states import StateCodec
from .titles import title_key


class SavedViewAnswer(msgspec.Struct, frozen=True):
    """A saved view. `visibility` is `project` where it is shared with one, else `private`."""

    id: str
    view_id: str
    workspace_id: str
    project_id: str | None
    visibility: str
    name: str | None
    query: str | None
    filters: Mapping[str, tuple[str, ...]]
    sort: str | None
    owner_id: str
    owner: Named
    updated_by: Named
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


_json = msgspec.json.Encoder()
_states = StateCodec(SavedView)


def render_saved_view(view: SavedView) -> bytes:
    """The whole answer as JSON, people by id."""
    return _json.encode(
        SavedViewAnswer(
            id=view.view_id,
            view_id=view.view_id,
            workspace_id=view.workspace_id,
            project_id=view.project_id,
            visibility="private" if view.project_id is None else "project",
            name=readable(view.name),
            query=readable(view.query) or None,
            filters=view.filters,
            sort=view.sort,
            owner_id=view.owner_id,
            owner=named(view.owner_id),
            updated_by=named(view.updated_by),
            created_at=view.created_at,
            updated_at=view.updated_at,
            version=view.version,
            position=view.position,
        )
    )


@dataclass(slots=True)
class SavedViewRow:
    view_id: str
    workspace_id: str
    owner_id: str
    project_id: str | None
    name_key: str
    deleted: bool
    doc: bytes
    state: bytes


SAVED_VIEWS = Table(
    "views",
    SavedViewRow,
    {
        "view_id": "text",
        "workspace_id": "text",
        "owner_id": "text",
        "project_id": "text",
        "name_key": "text",
        "deleted": "boolean",
        "doc": "bytea",
        "state": "bytea",
    },
    key=("view_id",),
    indexes=("(workspace_id, name_key, view_id) WHERE NOT deleted",),
)


def _changed(recorded: Recorded, rows: Rows) -> None:
    row: SavedViewRow | None = rows.get("views", recorded.stamp.stream)
    before = None if row is None else _states.decode(row.state)
    view = evolve(before, recorded.event, recorded.stamp)
    if view is None:
        return
    rows.put(
        "views",
        SavedViewRow(
            view.view_id,
            view.workspace_id,
            view.owner_id,
            view.project_id,
            title_key(view.name),
            view.deleted,
            render_saved_view(view),
            _states.encode(view),
        ),
    )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return (("views", recorded.stamp.stream),)


SAVED_VIEWS_VIEW = Projection(
    name="saved_views",
    version=1,
    tables=(SAVED_VIEWS,),
    folds=dict.fromkeys(
        (
            SavedViewCreated,
            SavedViewRenamed,
            SavedViewAltered,
            SavedViewShared,
            SavedViewDeleted,
            SavedViewRestored,
        ),
        _changed,
    ),
    reads=_reads,
)
