"""What feeds say of saved views: to the project that one is shared with, and to nobody else."""

from collections.abc import Sequence

from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.saved_view.state import SavedView

from .entries import Change, Said, value_of

ACTIONS = (
    "view_saved",
    "view_renamed",
    "view_changed",
    "view_shared",
    "view_withdrawn",
    "view_deleted",
    "view_restored",
)

EVENTS = (
    SavedViewCreated,
    SavedViewRenamed,
    SavedViewAltered,
    SavedViewShared,
    SavedViewDeleted,
    SavedViewRestored,
)


def told(
    event: object, before: SavedView | None, after: SavedView
) -> Sequence[tuple[str, Sequence[Said]]]:
    """What each project hears. `before`: the view as it was, None where it is new."""
    if isinstance(event, SavedViewShared):
        left, joined = event.was, event.project_id
        heard = [(left, _gone("view_withdrawn", after)), (joined, _come("view_shared", after))]
    else:
        heard = [(after.project_id, _said(event, before, after))]
    return [(project_id, said) for project_id, said in heard if project_id is not None]


def _said(event: object, before: SavedView | None, after: SavedView) -> Sequence[Said]:
    match event:
        case SavedViewCreated():
            return _come("view_saved", after)
        case SavedViewRestored():
            return _come("view_restored", after)
        case SavedViewDeleted():
            return _gone("view_deleted", after)
        case SavedViewRenamed():
            change = Change("view", value_of(event.was), value_of(event.name))
            return (Said("view_renamed", change),)
        case _:
            return _altered(before, after)


def _come(action: str, view: SavedView) -> Sequence[Said]:
    return (Said(action, Change("view", None, value_of(view.name))),)


def _gone(action: str, view: SavedView) -> Sequence[Said]:
    return (Said(action, Change("view", value_of(view.name), None)),)


def _altered(before: SavedView | None, after: SavedView) -> Sequence[Said]:
    """Without what stood there before where that is not known."""
    found = []
    for field in ("query", "filters", "sort"):
        was = None if before is None else value_of(getattr(before, field))
        now = value_of(getattr(after, field))
        if was != now:
            found.append(Said("view_changed", Change(field, was, now)))
    return found
