"""A project's state machine: statuses, each in a category, and the moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CATEGORIES = ("todo", "in_progress", "done", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    key: str
    name: str
    category: str
    colour: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A named, registered condition on a move, with its parameters."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    source: str
    target: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """`any_move`: every status may follow every other (the personal project)."""

    initial: str
    statuses: tuple[Status, ...]
    transitions: tuple[Transition, ...] = ()
    any_move: bool = False
