"""Imports of libraries without what they would import besides, only because it is there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unseen(package: str) -> Iterator[None]:
    """Within, this package looks as if it were not installed, unless it is imported already.

    For what a library takes to when it finds it, that we do not use, and that is slow to import.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # how Python itself notes an absence
    try:
        yield
    finally:
        del sys.modules[package]
