"""What a command says no with."""

from collections.abc import Awaitable

import pytest

from domain.errors import Invalid, Refused


async def refusal(running: Awaitable[object]) -> Refused:
    with pytest.raises(Refused) as caught:
        await running
    return caught.value


async def pointers(running: Awaitable[object]) -> list[str]:
    """Where the request was wrong."""
    with pytest.raises(Invalid) as caught:
        await running
    return [problem.pointer for problem in caught.value.problems]
