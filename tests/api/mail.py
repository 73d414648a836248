"""A real SMTP server of the tests: it takes every mail, and shows what came for whom."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_LINK = re.compile(r"https?://\S+#token=(\S+)")


class Catcher:
    """`refuse` answers the next mails with this line instead of taking them."""

    def __init__(self) -> None:
        self.port = 0
        self.refuse: list[str] = []
        self._taken: list[tuple[str, EmailMessage]] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self._taken += [(each, message) for each in envelope.rcpt_tos]
        return "250 OK"

    def mails_to(self, address: str, subject: str = "") -> list[EmailMessage]:
        return [
            message
            for to, message in list(self._taken)
            if to == address and subject in message["Subject"]
        ]

    async def mail_to(self, address: str, subject: str = "", nth: int = 1) -> EmailMessage:
        """The nth mail to an address whose subject has these words, once it is there."""
        until = time.monotonic() + 15
        while len(found := self.mails_to(address, subject)) < nth:
            assert time.monotonic() < until, f"no such mail; there is {self._taken}"
            await asyncio.sleep(0.01)
        return found[nth - 1]

    async def token_to(self, address: str, subject: str = "", nth: int = 1) -> str:
        """What stands behind `#token=` in the link of a mail."""
        return token_in(await self.mail_to(address, subject, nth))


def token_in(message: EmailMessage) -> str:
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    found = _LINK.search(plain.get_content())
    assert found is not None
    assert found[0] in html.get_content()
    return found[1]


@contextmanager
def catching() -> Iterator[Catcher]:
    """A server on a free port until the block ends."""
    catcher = Catcher()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        catcher.port = listening.getsockname()[1]
    controller = Controller(catcher, hostname="127.0.0.1", port=catcher.port)
    controller.start()
    try:
        yield catcher
    finally:
        controller.stop()
