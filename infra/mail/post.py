"""How a mail leaves: the port, and what its adapters may say."""

from email.message import EmailMessage
from typing import Protocol


class Undeliverable(Exception):
    """This mail will never be taken, however often it is tried."""


class Unreachable(Exception):
    """The mail cannot leave now; it may later."""


class Post(Protocol):
    async def send(self, message: EmailMessage, account: str | None) -> None:
        """Hand the mail over; `account`: whose it is about, where it is about one.

        Raises Undeliverable or Unreachable, whose texts name no address."""
        ...
