"""How often somebody may guess a password: by account and by address."""

from typing import Final

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from domain.errors import Kind, Refused
from infra.redis.windows import Windows

_PERIOD_MIN: Final = 15


class LoginLimits:
    """Tries in any 15 minutes; twice as many in an hour, five times as many in a day: whoever
    goes on guessing waits longer and longer."""

    def __init__(self, windows: Windows, *, per_account: int, per_address: int) -> None:
        self._windows = windows
        self._account: tuple[RateLimitItem, ...] = (
            RateLimitItemPerMinute(per_account, _PERIOD_MIN, "account"),
            RateLimitItemPerHour(2 * per_account, 1, "account"),
            RateLimitItemPerDay(5 * per_account, 1, "account"),
        )
        self._address = RateLimitItemPerMinute(per_address, _PERIOD_MIN, "address")

    async def begin(self, account: str, address: str) -> None:
        """Before a try. Raises Refused(RATE_LIMITED). The try counts at once for the account,
        so that tries made at the same time cannot slip through together."""
        if not await self._windows.test(self._address, address):
            raise await self._refusal(self._address, address)
        for item in self._account:
            if not await self._windows.hit(item, account):
                raise await self._refusal(item, account)

    async def failed(self, address: str) -> None:
        await self._windows.hit(self._address, address)

    async def succeeded(self, account: str) -> None:
        """The owner is here: what was tried under this name no longer stands in the way."""
        for item in self._account:
            await self._windows.clear(item, account)

    async def _refusal(self, item: RateLimitItem, who: str) -> Refused:
        wait_s = await self._windows.wait_s(item, who)
        return Refused(
            Kind.RATE_LIMITED,
            f"Too many log-ins failed; try again in {-(-wait_s // 60)} minutes.",
            retry_after=wait_s,
        )
