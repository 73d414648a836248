"""Priorities: levels 1 (most urgent) to 10, and the bands that have names."""

from typing import Final

from domain.errors import invalid

DEFAULT_LEVEL: Final = 5

NAMED_LEVELS: Final = {
    "critical": 1,
    "high": 3,
    "medium": 5,
    "low": 8,
    "p0": 1,
    "p1": 3,
    "p2": 5,
}

BANDS: Final = ("critical", "high", "medium", "low")

_BAND_OF_LEVEL: Final = (
    "",
    "critical",
    "high",
    "high",
    "medium",
    "medium",
    "medium",
    "low",
    "low",
    "low",
    "low",
)


def band_of(level: int) -> str:
    """The name for a level: 1 critical, 2-3 high, 4-6 medium, 7-10 low."""
    return _BAND_OF_LEVEL[level]


def levels_of(band: str) -> range:
    """The levels that a band's name means in a filter."""
    levels = [level for level in range(1, 11) if _BAND_OF_LEVEL[level] == band]
    return range(levels[0], levels[-1] + 1)


def level_of(priority: object, pointer: str = "/priority") -> int:
    """A level from a number or a name (any case); Invalid at `pointer` for anything else."""
    match priority:
        case bool():
            pass
        case int() if 1 <= priority <= 10:
            return priority
        case str() if priority.lower() in NAMED_LEVELS:
            return NAMED_LEVELS[priority.lower()]
        case _:
            pass
    raise invalid(
        pointer, "Must be a number from 1 (highest) to 10, or critical, high, medium or low."
    )


def chosen_level(priority: object, level: object, present: int = DEFAULT_LEVEL) -> int:
    """The level that a request means which may give `priority`, `priority_level`, or both.

    None stands for not given. The level wins; the name of the band that is there changes
    nothing.
    """
    if level is not None:
        return level_of(level, "/priority_level")
    if priority is None:
        return present
    chosen = level_of(priority)
    named = isinstance(priority, str)
    return present if named and band_of(chosen) == band_of(present) else chosen
