"""What is not there, or not in a view yet, as None in the place of a refusal."""

from collections.abc import Awaitable
from typing import TypeVar

from domain.errors import Kind, Refused

A = TypeVar("A")


def if_seen(question: Awaitable[A]) -> Awaitable[A | None]:
    """What a view answers; None where it cannot yet, and the log can be asked instead."""
    return _unless(Kind.VIEW_BEHIND, question)


def if_there(question: Awaitable[A]) -> Awaitable[A | None]:
    """None where there is no such thing, or none that the caller may see."""
    return _unless(Kind.NOT_FOUND, question)


async def _unless(kind: Kind, question: Awaitable[A]) -> A | None:
    try:
        return await question
    except Refused as refused:
        if refused.kind is not kind:
            raise
        return None
