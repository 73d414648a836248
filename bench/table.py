"""Rounds as numbers a person can compare: minimum, median, maximum, and the ratio first."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured over some rounds, in units a second; `theirs` is the yardstick's.

    `at_least` is what was promised: a ratio where there is a yardstick, else a rate.
    """

    name: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    at_least: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if not self.theirs:
            return None
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept; None where none was made."""
        if self.at_least is None:
            return None
        reached = self.ratio if self.theirs else statistics.median(self.ours)
        return reached is not None and reached >= self.at_least


def printed(rows: Sequence[Row], unit: str, yardstick: str = "plain") -> str:
    """The table as text, its columns aligned."""
    header = ("ratio", "promised", "", "measured", f"ours ({unit})", f"{yardstick} ({unit})", "")
    lines = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def p99(values: Sequence[float]) -> float:
    """What 99 of 100 do not exceed; of two values at least."""
    return statistics.quantiles(values, n=100)[98]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Minimum, median and maximum."""
    if not values:
        return ""
    three = (min(values), statistics.median(values), max(values))
    return " / ".join(f"{value:,.{digits}f}" for value in three)


def verdict(kept: bool, what: str) -> str:
    """One promise and what was measured, as a line."""
    return f"{'kept' if kept else 'MISSED'}: {what}"


def _cells(row: Row) -> tuple[str, ...]:
    times = "x" if row.theirs else "/s"
    return (
        "" if row.ratio is None else f"{row.ratio:.2f}x",
        "" if row.at_least is None else f"{row.at_least:,g}{times}",
        {True: "kept", False: "MISSED", None: ""}[row.kept],
        row.name,
        spread(row.ours),
        spread(row.theirs),
        row.note,
    )
