"""What can happen to a saved view of tasks."""

from collections.abc import Mapping

from domain.values.frozen import dataclass
from domain.values.text import Erased, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewCreated:
    """`query` is a text in the query language, empty for none; `filters` the parameters of a list
    of tasks, by their names, and `sort` its order. `project_id`: with whom it is shared; None: it
    is its maker's alone."""

    name: Text
    query: Text
    filters: Mapping[str, tuple[str, ...]] | Erased
    sort: str | None = None
    project_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewRenamed:
    name: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewAltered:
    """It asks for something else. What it asked for before stands in the event before it: it may
    be long."""

    query: Text
    filters: Mapping[str, tuple[str, ...]] | Erased
    sort: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewShared:
    """With the project, or with nobody any more."""

    project_id: str | None
    was: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewDeleted:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewRestored:
    pass


SavedViewEvent = (
    SavedViewCreated
    | SavedViewRenamed
    | SavedViewAltered
    | SavedViewShared
    | SavedViewDeleted
    | SavedViewRestored
)
