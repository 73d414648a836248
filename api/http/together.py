"""Several calls whose commands become one commit, or none of them does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from commands.execution import Outcome
from domain.errors import Refused


@dataclass(slots=True)
class _Part:
    commands: Sequence[Any]
    outcome: "asyncio.Future[Outcome]" = field(default_factory=asyncio.Future)


class Together:
    """Each call brings its commands by `join`, and waits there until all of them are decided."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._joined = asyncio.Event()

    async def join(self, commands: Sequence[Any]) -> Outcome:
        """What became of these commands. Raises Refused."""
        part = _Part(commands)
        self._parts.append(part)
        self._joined.set()
        return await part.outcome

    async def next_joined(self) -> None:
        """Until one more call has brought its commands."""
        await self._joined.wait()
        self._joined.clear()

    @property
    def commands(self) -> list[Any]:
        """Of all calls, in order."""
        return [command for part in self._parts for command in part.commands]

    def done(self, outcomes: Sequence[Outcome]) -> None:
        """One for each command: each call goes on with that of its first."""
        at = 0
        for part in self._parts:
            part.outcome.set_result(outcomes[at])
            at += len(part.commands)

    def refuse(self, refused: Refused) -> int | None:
        """Let the call whose command was refused say so; which one that is, where it is known."""
        left = refused.at
        for index, part in enumerate(self._parts):
            if left is not None and left < len(part.commands):
                part.outcome.set_exception(refused)
                return index
            left = None if left is None else left - len(part.commands)
        return None
