"""How far a command is through the events of a log that may grow meanwhile, on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

_LINE_EVERY_S = 2.0
_DRAWN_A_SECOND = 10


class Shown(Protocol):
    def to(self, done: int, of: int, events_per_s: float = 0.0) -> None:
        """`done` of `of` events; the time left is shown where a rate is given."""
        ...

    def stage(self, name: str) -> None:
        """What is done from here on."""
        ...


@contextmanager
def events_progress(title: str) -> Iterator[Shown]:
    """A bar on a terminal until the block ends, else a plain line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(title)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=console, refresh_per_second=_DRAWN_A_SECOND) as bar:
        yield _Bar(bar, title)


class _Bar:
    def __init__(self, bar: Progress, title: str) -> None:
        self._bar = bar
        self._title = title
        self._task = bar.add_task(title, total=None, pace="")

    def to(self, done: int, of: int, events_per_s: float = 0.0) -> None:
        pace = _pace(done, of, events_per_s)
        self._bar.update(self._task, completed=done, total=of, pace=pace)

    def stage(self, name: str) -> None:
        self._bar.update(self._task, description=f"{self._title}: {name}")


class _Lines:
    def __init__(self, title: str) -> None:
        self._title = title
        self._said = time.monotonic()

    def to(self, done: int, of: int, events_per_s: float = 0.0) -> None:
        now = time.monotonic()
        if now - self._said >= _LINE_EVERY_S:
            self._said = now
            self._say(f"{done:,} of {of:,} events {_pace(done, of, events_per_s)}")

    def stage(self, name: str) -> None:
        self._say(name)

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{self._title}: {text}".rstrip() + "\n")
        sys.stderr.flush()


def _pace(done: int, of: int, events_per_s: float) -> str:
    if events_per_s <= 0:
        return ""
    left = max(0, of - done) / events_per_s
    minutes, seconds = divmod(round(left), 60)
    return f"{events_per_s:,.0f}/s, {minutes}:{seconds:02} left"
