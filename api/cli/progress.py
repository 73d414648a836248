"""How far a long command is: a bar on a terminal, else a plain line now and then, on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY_S = 5.0


class Moving(Protocol):
    """One step of a command, which is done when it has come to its total."""

    def to(self, done: int) -> None:
        """So much of the total is done; cheap enough to be called often."""
        ...


@contextmanager
def step(title: str, total: int) -> Iterator[Moving]:
    """Shows one step until the block ends. `total` is at least 1."""
    console = Console(stderr=True)
    if not console.is_terminal:
        line = _Line(title, max(total, 1))
        yield line
        line.end()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as shown:
        bar = _Bar(shown, title, max(total, 1))
        yield bar
        bar.to(max(total, 1))


class _Bar:
    def __init__(self, shown: Progress, title: str, total: int) -> None:
        self._shown = shown
        self._task = shown.add_task(title, total=total)

    def to(self, done: int) -> None:
        self._shown.update(self._task, completed=done)


class _Line:
    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._began = self._said = time.monotonic()

    def to(self, done: int) -> None:
        now = time.monotonic()
        if now - self._said >= _LINE_EVERY_S:
            self._said = now
            sys.stderr.write(f"{self._title}: {min(done / self._total, 1):.0%}\n")
            sys.stderr.flush()

    def end(self) -> None:
        seconds = time.monotonic() - self._began
        sys.stderr.write(f"{self._title}: done in {seconds:.1f} s\n")
        sys.stderr.flush()
