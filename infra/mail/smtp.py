"""Mail by SMTP, to the server of a setting."""

from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from domain.values.frozen import dataclass
from infra.mail.post import Undeliverable, Unreachable

TIMEOUT_S: Final = 20.0
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`use_tls` from the first byte; `start_tls` None: where the server offers it."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None

    @classmethod
    def of(cls, url: str) -> "SmtpServer":
        """From `smtp://`, `smtp+starttls://` (required) or `smtps://`, with `user:password@`."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or _PORTS[parts.scheme],
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            use_tls=parts.scheme == "smtps",
            start_tls={"smtps": False, "smtp+starttls": True}.get(parts.scheme),
        )


class SmtpPost:
    """A connection a mail: there are few, and a server that went away is found again."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, message: EmailMessage, account: str | None) -> None:
        server = self._server
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.use_tls,
                start_tls=server.start_tls,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = sorted({refused.code for refused in error.recipients})
            if all(code >= 500 for code in codes):
                raise Undeliverable(f"the server refuses the recipient: {codes}") from None
            raise Unreachable(f"the server refuses the recipient for now: {codes}") from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise Unreachable(f"the server refuses our log-in: {error.code}") from None
        except aiosmtplib.SMTPResponseException as error:
            if error.code >= 500:
                raise Undeliverable(f"the server refuses the mail: {error.code}") from None
            raise Unreachable(f"the server cannot take it now: {error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable(f"no mail server: {type(error).__name__}") from None
