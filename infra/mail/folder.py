"""Mail as files in a folder, for a product that was given no mail server: a person reads them."""

import asyncio
import os
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Final

import structlog

from infra.mail.post import Unreachable

_KEPT: Final = 1_000

_log = structlog.get_logger(__name__)


class FolderPost:
    """One `.eml` file a mail, which only we can read; the oldest go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        try:
            path = await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise Unreachable(f"the mail folder cannot be written: {error}") from error
        # The file has a link that lets somebody in; the line only says where it is.
        _log.warning("mail_written_to_file", file=str(path), why="TASKLEDGER_SMTP_URL is not set")

    def _write(self, message: EmailMessage) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The mail's own id: written again after a crash, it is the same file.
        name = parseaddr(message["Message-ID"])[1].partition("@")[0]
        path = self._folder / f"{name}.eml"
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
