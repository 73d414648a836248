"""The logs that a witness watches: their keys in a file, read again when it is another one."""

import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from domain.record.note import NoteBroken
from domain.record.note_keys import VerifierKey
from domain.record.trust import MOST_BYTES, TrustedKey, parse_keys

log = structlog.get_logger()


class KnownLogs:
    """A file that cannot be read changes nothing: the keys that were read before stay."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: Sequence[TrustedKey] = ()

    def keys(self) -> list[VerifierKey]:
        """Those that are valid now; none where there is no such file."""
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if seen != self._seen:
                self._seen = seen
                with self._path.open("rb") as file:
                    self._keys = parse_keys(file.read(MOST_BYTES + 1))
                log.info("witness_knows_logs", logs=sorted({one.key.name for one in self._keys}))
        except FileNotFoundError:
            self._seen, self._keys = None, ()
        except (OSError, NoteBroken) as error:
            log.error("witness_cannot_read_logs", file=str(self._path), error=str(error))
        now = time.time_ns() // 1000
        return [one.key for one in self._keys if one.valid_at(now)]
