"""What may happen to a saved view of tasks."""

from collections.abc import Mapping

from domain.errors import Kind, Refused, invalid
from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewEvent,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.saved_view.state import SavedView
from domain.values.limits import Limits
from domain.values.text import shown
from domain.values.text_rules import checked_name, lines

Filters = Mapping[str, tuple[str, ...]]


def create(
    *,
    name: str,
    query: str,
    filters: Filters,
    sort: str | None,
    project_id: str | None,
    limits: Limits,
) -> tuple[SavedViewEvent, ...]:
    return (
        SavedViewCreated(
            name=checked_name(name, limits),
            query=_checked_query(query, limits),
            filters=_checked_filters(filters, limits),
            sort=sort,
            project_id=project_id,
        ),
    )


def rename(view: SavedView, name: str, limits: Limits) -> tuple[SavedViewEvent, ...]:
    require_there(view)
    checked = checked_name(name, limits)
    return () if checked == view.name else (SavedViewRenamed(name=checked, was=view.name),)


def alter(
    view: SavedView,
    *,
    query: str | None,
    filters: Filters | None,
    sort: str | None,
    limits: Limits,
) -> tuple[SavedViewEvent, ...]:
    """None leaves a part as it is; an empty `sort` is none at all."""
    require_there(view)
    asked = shown(view.query) if query is None else _checked_query(query, limits)
    wanted = view.filters if filters is None else _checked_filters(filters, limits)
    order = view.sort if sort is None else sort or None
    if (asked, wanted, order) == (view.query, view.filters, view.sort):
        return ()
    return (SavedViewAltered(query=asked, filters=wanted, sort=order),)


def share(view: SavedView, project_id: str | None) -> tuple[SavedViewEvent, ...]:
    """None: with nobody."""
    require_there(view)
    if project_id == view.project_id:
        return ()
    return (SavedViewShared(project_id=project_id, was=view.project_id),)


def delete(view: SavedView) -> tuple[SavedViewEvent, ...]:
    return () if view.deleted else (SavedViewDeleted(),)


def restore(view: SavedView) -> tuple[SavedViewEvent, ...]:
    return (SavedViewRestored(),) if view.deleted else ()


def require_there(view: SavedView) -> None:
    if view.deleted:
        raise Refused(Kind.TRASHED, "The view is deleted; restore it first.")


def _checked_query(text: str, limits: Limits) -> str:
    return lines(text, "/query", limits.query)


def _checked_filters(filters: Filters, limits: Limits) -> Filters:
    """Their meaning is checked at the door; here that they are not too long to be kept."""
    size = sum(len(name) + sum(map(len, values)) for name, values in filters.items())
    if size > limits.filters:
        detail = f"Must be at most {limits.filters} characters together."
        raise invalid("/filters", detail, "too-long")
    return dict(filters)
