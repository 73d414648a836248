"""Folders and files that only one account may read."""

import os
from pathlib import Path

from infra.embedded.account import Account
from infra.embedded.errors import FolderUnusable


def give_folder(folder: Path, account: Account) -> None:
    """Make the folder if it is missing, and let its account alone enter it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not account.is_ours:
            os.chown(folder, account.uid, account.gid)
        folder.chmod(0o700)
    except OSError as error:
        raise FolderUnusable(f"The folder {folder} cannot be used: {error.strerror}.") from error


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Replace a file whole; nobody but its account ever reads it, half written or not."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if account is not None and not account.is_ours:
            os.fchown(descriptor, account.uid, account.gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
