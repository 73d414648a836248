"""A saved view of tasks as its events leave it."""

from collections.abc import Mapping
from datetime import datetime

from domain.aggregate import Aggregate
from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Erased, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """`filters` are empty where they were erased. `project_id` None: it is `owner_id`'s alone."""

    view_id: str
    workspace_id: str
    owner_id: str
    name: Text
    query: Text
    filters: Mapping[str, tuple[str, ...]]
    sort: str | None
    project_id: str | None
    name_author: str
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    deleted: bool = False


def evolve(state: SavedView | None, event: object, stamp: Stamp) -> SavedView | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case SavedViewRenamed():
            return touched(state, stamp, name=event.name, name_author=stamp.author_of("name"))
        case SavedViewAltered():
            return touched(
                state, stamp, query=event.query, filters=_kept(event.filters), sort=event.sort
            )
        case SavedViewShared():
            return touched(state, stamp, project_id=event.project_id)
        case SavedViewDeleted():
            return touched(state, stamp, deleted=True)
        case SavedViewRestored():
            return touched(state, stamp, deleted=False)
        case _:
            return touched(state, stamp)


def _begin(event: object, stamp: Stamp) -> SavedView | None:
    if not isinstance(event, SavedViewCreated):
        return None
    return SavedView(
        view_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        owner_id=stamp.actor,
        name=event.name,
        query=event.query,
        filters=_kept(event.filters),
        sort=event.sort,
        project_id=event.project_id,
        name_author=stamp.author_of("name"),
        created_at=stamp.at,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


def _kept(filters: Mapping[str, tuple[str, ...]] | Erased) -> Mapping[str, tuple[str, ...]]:
    return {} if isinstance(filters, Erased) else filters


def authors(state: SavedView | None, event: object) -> Mapping[str, str]:
    if state is not None and isinstance(event, SavedViewRenamed):
        return {"was": state.name_author}
    return {}


SAVED_VIEW = Aggregate("view", evolve, authors=authors)
