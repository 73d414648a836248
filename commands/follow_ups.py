"""What commands leave to be done after them, by the product itself."""

import logging
from asyncio import Task, create_task, gather
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from domain.errors import Refused
from domain.values.ids import SYSTEM_ACTOR
from domain.values.recorded import Origin

_MOST: Final = 100

_log = logging.getLogger(__name__)


class FollowUps:
    """Nobody waits for them and none is owed: what is lost with the process is left by the next
    command that meets its cause. The same one is not done twice at once."""

    def __init__(self, execute: Callable[[Sequence[Any], Origin], Awaitable[object]]) -> None:
        self._execute = execute
        self._running: dict[Any, Task[None]] = {}

    def begin(self, commands: Sequence[Any], cause: Origin, command_id: bytes) -> None:
        for command in commands:
            if command not in self._running and len(self._running) < _MOST:
                origin = Origin(
                    SYSTEM_ACTOR,
                    correlation_id=cause.correlation_id,
                    causation_id=command_id.hex(),
                    via="system",
                )
                self._running[command] = create_task(self._do(command, origin))

    async def done(self) -> None:
        """Wait until those that have begun are done, and what they began in turn."""
        while self._running:
            await gather(*self._running.values())

    async def _do(self, command: Any, origin: Origin) -> None:
        try:
            await self._execute([command], origin)
        except Refused as refused:
            _log.info("%s was not done: %s", type(command).__name__, refused)
        except Exception:
            _log.exception("%s was not done", type(command).__name__)
        finally:
            del self._running[command]
