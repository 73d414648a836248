"""The data folder of one box: held by one run at a time, with its passwords and its ports."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from domain.values.frozen import dataclass
from infra.embedded.errors import FolderInUse, FolderUnusable
from infra.embedded.files import write_private
from infra.embedded.sockets import free_ports, is_free

_LOCK = "lock"
_SECRETS = "secrets.json"
_PORTS = "ports.json"
_URLS = "urls.json"
_PASSWORD_BYTES = 24
_LOCK_TRIES = 10
_LOCK_TRY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Holds the lock from `open` until `close`, or until the process ends in any way."""

    path: Path
    lock: int

    @classmethod
    def open(cls, path: Path) -> "DataFolder":
        """Make the folder if it is missing and take it. Raises FolderInUse, FolderUnusable."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            path = path.resolve()
            # A server of another account must pass through; what is secret in it has mode 0600.
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FolderUnusable(
                f"The data folder {path} cannot be used: {error.strerror}. "
                "TASKLEDGER_DATA_DIR names another."
            ) from error
        if not _taken(lock):
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
            os.close(lock)
            raise FolderInUse(
                f"The data folder {path} is in use by another run"
                + (f" (process {holder})" if holder else "")
                + ". Stop that one, or set TASKLEDGER_DATA_DIR to another folder."
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        return cls(path, lock)

    def close(self) -> None:
        """Let the next run in."""
        (self.path / _URLS).unlink(missing_ok=True)
        os.ftruncate(self.lock, 0)
        os.close(self.lock)

    def passwords(self, names: Iterable[str]) -> dict[str, str]:
        """One for each name, made and kept on first use."""
        known = _read(self.path / _SECRETS)
        missing = [name for name in names if name not in known]
        if missing:
            known |= {name: secrets.token_urlsafe(_PASSWORD_BYTES) for name in missing}
            write_private(self.path / _SECRETS, json.dumps(known, indent=1))
        return known

    def ports(self, names: Iterable[str]) -> dict[str, int]:
        """A free port for each name: that of the last run where nobody has taken it since."""
        wanted = list(names)
        known = {
            name: port
            for name, port in _read_ports(self.path / _PORTS).items()
            if name in wanted and is_free(port)
        }
        missing = [name for name in wanted if name not in known]
        known |= dict(zip(missing, free_ports(len(missing)), strict=True))
        write_private(self.path / _PORTS, json.dumps(known, indent=1))
        return known

    def publish(self, urls: Mapping[str, str]) -> None:
        """Let commands that run beside this one find its parts."""
        write_private(self.path / _URLS, json.dumps(dict(urls), indent=1))


def served_urls(path: Path) -> dict[str, str]:
    """Setting -> URL of the parts that a run on this folder serves now; empty if there is none.

    Raises FolderUnusable where the folder belongs to somebody else.
    """
    try:
        with (path / _LOCK).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(path / _URLS)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FolderUnusable(
            f"The data folder {path} cannot be read: {error.strerror}. Run this as the user "
            "that serves it, or set TASKLEDGER_DATA_DIR."
        ) from error
    return {}


def _taken(lock: int) -> bool:
    """Whether the lock is ours now. A command that only looks holds it for a moment as well, so
    one refusal says nothing yet."""
    for _ in range(_LOCK_TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOCK_TRY_SECONDS)
    return False


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FolderUnusable(f"The file {path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise FolderUnusable(f"The file {path} does not hold what it should.")
    return {str(name): str(value) for name, value in found.items()}


def _read_ports(path: Path) -> dict[str, int]:
    with contextlib.suppress(FolderUnusable, ValueError):
        return {name: int(port) for name, port in _read(path).items()}
    return {}
