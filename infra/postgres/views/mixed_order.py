"""Orders by several fields, each in its own direction, with pages that go on after a row."""

from collections.abc import Sequence
from typing import Any

from domain.values.frozen import dataclass

from .cursors import CursorCodec
from .reader import Parameters


@dataclass(frozen=True, slots=True)
class Part:
    """SQL, PostgreSQL type and direction. `nullable`: nulls come last, both ways."""

    sql: str
    kind: str
    descending: bool
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class MixedOrder:
    """As `lists.Order`; the last of `parts` is the row's id, which makes places unique."""

    parts: tuple[Part, ...]
    cursors: CursorCodec

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        return tuple((each.sql, each.kind) for each in self.parts)

    @property
    def sql(self) -> str:
        return ", ".join(
            f"{each.sql}{' DESC' if each.descending else ''}"
            f"{' NULLS LAST' if each.nullable else ''}"
            for each in self.parts
        )

    def after(self, place: Sequence[Any], params: Parameters) -> str:
        """The condition for rows that come after `place`."""
        rest = "false"
        for part, value in reversed(list(zip(self.parts, place, strict=True))):
            rest = _after(part, value, rest, params)
        return rest


def _after(part: Part, value: Any, rest: str, params: Parameters) -> str:
    """After `value`, or at it and `rest` holds."""
    if value is None:
        return f"({part.sql} IS NULL AND {rest})"
    bound = params.add(part.kind, value)
    further = f"{part.sql} {'<' if part.descending else '>'} {bound}"
    if part.nullable:
        further += f" OR {part.sql} IS NULL"
    return f"({further} OR ({part.sql} = {bound} AND {rest}))"
