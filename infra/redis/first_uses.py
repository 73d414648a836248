"""Whether an API key was used from an address within a day: told apart over all processes."""

from typing import Final

from limits import RateLimitItemPerDay

from infra.keys.aliases import Aliases
from infra.redis.windows import Windows

_ONCE: Final = RateLimitItemPerDay(1, 1, "key-use")


class FirstUses:
    """While the store is away each process tells them apart by itself."""

    def __init__(self, windows: Windows, aliases: Aliases) -> None:
        self._windows = windows
        self._aliases = aliases

    async def note(self, key_id: str, address: str) -> bool:
        """It is used now; True where it was not for a day. The store has the address's alias."""
        return await self._windows.hit(_ONCE, f"{key_id} {self._aliases.of(address)}")
