"""Mail as files in a folder, for a product that was given no mail server: a person reads them."""

import asyncio
import os
import time
from collections.abc import Collection, Iterator
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Final

import structlog

from infra.mail.post import Unreachable
from infra.settings import Settings

_KEPT: Final = 1_000

_log = structlog.get_logger(__name__)


class FolderPost:
    """One `.eml` file a mail, which only we can read; the oldest go. Its name says whose account
    the mail is about, after the mail's own id: `MailFolder` goes by that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage, account: str | None) -> None:
        try:
            path = await asyncio.to_thread(self._write, message, account)
        except OSError as error:
            raise Unreachable(f"the mail folder cannot be written: {error}") from error
        # The file has a link that lets somebody in; the line only says where it is.
        _log.warning("mail_written_to_file", file=str(path), why="TASKLEDGER_SMTP_URL is not set")

    def _write(self, message: EmailMessage, account: str | None) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The mail's own id: written again after a crash, it is the same file.
        name = parseaddr(message["Message-ID"])[1].partition("@")[0]
        path = self._folder / (f"{name}.eml" if account is None else f"{name}.{account}.eml")
        part = path.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(message.as_bytes())
        part.replace(path)
        self._forget_oldest()
        return path

    def _forget_oldest(self) -> None:
        files = sorted(self._folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-_KEPT]:
            path.unlink(missing_ok=True)


class MailFolder:
    """What stands in that folder, whole or half written, of this process and of others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, settings: Settings) -> "MailFolder":
        return cls(settings.data_dir / "mail")

    def post(self) -> FolderPost:
        """What puts mails into it."""
        return FolderPost(self._folder)

    async def accounts(self) -> set[str] | None:
        """Whose accounts there are mails about; None where there is no mail at all."""
        files = await asyncio.to_thread(lambda: [*self._files()])
        return {found for path in files if (found := _account_of(path))} if files else None

    async def forget(self, accounts: Collection[str], before: float | None = None) -> int:
        """Delete what is about these accounts, and what is about none, an invitation, if it was
        written before a time (POSIX seconds; None: now), for its address may be anybody's. How many
        mails there were. Raises OSError."""
        return await asyncio.to_thread(
            self._forget, frozenset(accounts), time.time() if before is None else before
        )

    def _forget(self, accounts: frozenset[str], before: float) -> int:
        gone = 0
        for path in self._files():
            account = _account_of(path)
            try:
                if account in accounts or (account is None and path.stat().st_mtime <= before):
                    path.unlink()
                    gone += path.suffix == ".eml"
            except FileNotFoundError:
                continue  # another process was first
        return gone

    def _files(self) -> Iterator[Path]:
        try:
            yield from self._folder.iterdir()
        except FileNotFoundError:
            return


def _account_of(path: Path) -> str | None:
    return next((each for each in path.name.split(".") if each.startswith("user_")), None)
