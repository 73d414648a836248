"""A query as it was written: conditions on fields of tasks, their history, and the order."""

from typing import Any

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A field as it is called; `column` counts characters from 1. `quoted`: as written in quotes,
    as only custom fields need be."""

    text: str
    column: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with. `called`: a function by that name, with its argument."""

    text: str
    column: int
    quoted: bool = False
    called: bool = False
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """EMPTY, where a value may stand."""

    column: int


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class NotSo:
    """Exactly what its part does not find."""

    part: Any


@dataclass(frozen=True, slots=True)
class Compared:
    """`operator` is one of = != < <= > >= ~ !~, at its own column."""

    name: Name
    operator: str
    value: Value
    column: int


@dataclass(frozen=True, slots=True)
class Among:
    """IN."""

    name: Name
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """IS EMPTY."""

    name: Name


@dataclass(frozen=True, slots=True)
class Period:
    """When (`before`, `after`, `on`, `during` with two), or by whom (`by`)."""

    kind: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Was:
    """The field held one of these at some time."""

    name: Name
    values: tuple[Value | Nothing, ...]
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """The field changed, `was` and `now` saying from what and to what."""

    name: Name
    was: Value | Nothing | None
    now: Value | Nothing | None
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Sorting:
    """One field of ORDER BY; None: the direction that is usual for it."""

    name: Name
    descending: bool | None


Clause = Compared | Among | Empty | Was | Changed
Node = AnyOf | AllOf | NotSo | Clause


@dataclass(frozen=True, slots=True)
class Query:
    where: Node | None
    order: tuple[Sorting, ...] = ()


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """The conditions of which every one must hold."""
    match node:
        case None:
            return ()
        case AllOf(parts):
            return tuple(each for part in parts for each in conjuncts(part))
        case _:
            return (node,)
