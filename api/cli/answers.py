"""How commands give their answers: a table for people, one line of JSON for programs."""

import sys
from collections.abc import Iterable, Sequence

import orjson


def give_json(document: object) -> None:
    """One document on one line of stdout."""
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
    sys.stdout.flush()


def give_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """On a terminal with rules and colours, else plain lines with two spaces between columns."""
    lines = [[_shown(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, lines)
        return
    everything = [list(columns), *lines]
    widths = [max(len(line[place]) for line in everything) for place in range(len(columns))]
    for line in everything:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


def _draw(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    # Here, since programs that read our answers need not wait for its import.
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns)
    for line in lines:
        table.add_row(*line)
    Console().print(table)


def say(text: str) -> None:
    """A line for people, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case _:
            return str(value)
