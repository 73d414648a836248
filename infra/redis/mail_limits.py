"""How many mails may go to one address, and be caused by one person: nobody is spammed by us."""

from typing import Final

from limits import RateLimitItemPerDay, RateLimitItemPerHour

from domain.errors import Kind, Refused
from infra.redis.windows import Windows

_TO_ONE_AN_HOUR: Final = 5
_TO_ONE_A_DAY: Final = 20


class MailLimits:
    """Recipients are named by HMACs: the store sees no address."""

    def __init__(self, windows: Windows, *, per_address: int, invitations_per_day: int) -> None:
        """`per_address`: requests for mail from one network address in an hour."""
        self._windows = windows
        self._to_hour = RateLimitItemPerHour(_TO_ONE_AN_HOUR, 1, "mail-to")
        self._to_day = RateLimitItemPerDay(_TO_ONE_A_DAY, 1, "mail-to")
        self._from = RateLimitItemPerHour(per_address, 1, "mail-from")
        self._inviter = RateLimitItemPerDay(invitations_per_day, 1, "inviter")

    async def may_reach(self, recipient: str) -> bool:
        """Whether one more mail may go there; counted where it may. Whoever asks for the mail is
        not told, or else they could tell whose address is known."""
        hour = await self._windows.hit(self._to_hour, recipient)
        return hour and await self._windows.hit(self._to_day, recipient)

    async def ask(self, address: str) -> None:
        """A request for mail from a network address. Raises Refused(RATE_LIMITED)."""
        if not await self._windows.hit(self._from, address):
            wait_s = await self._windows.wait_s(self._from, address)
            raise Refused(
                Kind.RATE_LIMITED,
                f"Too many mails were asked for; try again in {-(-wait_s // 60)} minutes.",
                retry_after=wait_s,
            )

    async def invite(self, inviter: str) -> None:
        """One more invitation by somebody. Raises Refused(RATE_LIMITED)."""
        if not await self._windows.hit(self._inviter, inviter):
            wait_s = await self._windows.wait_s(self._inviter, inviter)
            raise Refused(
                Kind.RATE_LIMITED,
                "You have sent as many invitations as one may in a day; go on later.",
                retry_after=wait_s,
            )
