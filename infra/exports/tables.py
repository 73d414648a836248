"""Rows of text for people's spreadsheets: CSV by RFC 4180, in UTF-8, safe to open."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from domain.values.moment import written

Cell = str | int | float | bool | datetime | Sequence[str] | None

# What spreadsheets take for the beginning of a formula, the wide forms in some countries, and what
# some of them pass over before it. An apostrophe, so that one that was there is told from ours.
_GUARDED: Final = (
    *("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n"),
    "'",
)
_FLUSH_CHARACTERS: Final = 256 * 1024


class Sheet:
    """Lines end in CR LF; a cell is quoted where it has to be. Text that a spreadsheet would take
    for a formula has an apostrophe before it, and so has text that begins with one; numbers and
    dates are as they are."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\r\n")

    def row(self, cells: Iterable[Cell]) -> None:
        self._writer.writerow(map(_shown, cells))

    def full(self) -> bool:
        """Whether it is time to take what there is."""
        return self._text.tell() >= _FLUSH_CHARACTERS

    def taken(self) -> bytes:
        """The rows since the last call."""
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return str(cell)
        case datetime():
            return written(cell)
        case str():
            return _guarded(cell)
        case _:
            return _guarded("; ".join(cell))


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_GUARDED) else text
