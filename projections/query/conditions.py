"""What a query asks of each task, once all its names are ids: trees of conditions on tasks.

A leaf is a filter of lists (`projections.tasks.TaskFilter`, its trash and its text apart) or one
of those here. A condition holds or does not: what holds nothing meets no comparison, and
`Not` is exactly the rest.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from domain.values.frozen import dataclass

if TYPE_CHECKING:
    from projections.task_questions import MeantTag, TaskFilter

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them; of none: any task."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of them; of none: no task."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """`field` (due, created, updated, start) is at `first` or later, and before `end`."""

    field: str
    first: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The estimate is at least, and at most, so much."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Lacks:
    """`field` (due, start, estimate, label, parent) holds nothing."""

    field: str


@dataclass(frozen=True, slots=True)
class Titled:
    """The title has all these texts in it, or `whole` is this one; whatever the case."""

    texts: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """It is one of these tasks."""

    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldSays:
    """A custom field of text has these texts in it, whatever the case."""

    key: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """Values of a field in the past: `values` as `projections.intervals` keeps them, names of
    statuses as a filter takes them, spans between two kept moments (the second left out), or names
    of labels, of which `meant` says where other tags are meant."""

    values: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()
    meant: "tuple[MeantTag, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """At `first` or later and before `end`, by one of these people; None: at any time, by anybody.
    `recorded`: as the log's clock says, else when it happened."""

    first: datetime | None = None
    end: datetime | None = None
    by: tuple[str, ...] | None = None
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class WasSo:
    """The field held one of these within that time; `by`: who put it there. `present`: the same
    asked of today, of a custom field, for a task in which it never changed holds what it always
    did; of nothing where no task can."""

    field: str
    stood: Stood
    when: When
    present: Any = None


@dataclass(frozen=True, slots=True)
class ChangedSo:
    """The field changed within that time: from one of `was`, to one of `now`; None: whatever."""

    field: str
    was: Stood | None
    now: Stood | None
    when: When


_OF_THE_PAST = (WasSo, ChangedSo)


def leaves(condition: Any) -> tuple[Any, ...]:
    """Everything that a tree of conditions asks."""
    match condition:
        case None:
            return ()
        case All(parts) | Some(parts):
            return tuple(leaf for part in parts for leaf in leaves(part))
        case Not(part):
            return leaves(part)
        case WasSo(present=present):
            return (condition, *leaves(present))
        case _:
            return (condition,)


def asks_the_past(condition: Any) -> bool:
    """Whether the view of intervals is asked, beside that of tasks."""
    return any(
        isinstance(leaf, (*_OF_THE_PAST, Measured))
        or (isinstance(leaf, Within | Lacks) and leaf.field in ("start", "estimate"))
        for leaf in leaves(condition)
    )


def asks_words(asked: "TaskFilter") -> bool:
    """Whether the view of search is asked, beside that of tasks."""
    return any(getattr(leaf, "q", None) for leaf in (asked, *leaves(asked.where)))


def required(condition: Any) -> tuple[Any, ...]:
    """The conditions of a tree of which every one must hold."""
    match condition:
        case None:
            return ()
        case All(parts):
            return tuple(each for part in parts for each in required(part))
        case _:
            return (condition,)


def mapped(condition: Any, change: Callable[[Any], Any]) -> Any:
    """The same tree with every leaf changed."""
    match condition:
        case All(parts):
            return All(tuple(mapped(part, change) for part in parts))
        case Some(parts):
            return Some(tuple(mapped(part, change) for part in parts))
        case Not(part):
            return Not(mapped(part, change))
        case leaf:
            return change(leaf)
