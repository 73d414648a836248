"""Exit codes, and the one line that tells a person why a command ended."""

import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

DONE = 0
FOUND_WRONG = 1
BAD_USE = 2
PART_DOWN = 3
NOBODY_READS = 141  # as whatever SIGPIPE ends: 128 and its number

# Errors that a person can act on: where each class lives, and the code it ends with. A module
# that was never imported cannot have raised anything, so none is imported for this. The first one
# that fits counts.
_EXPLAINED = {
    "infra.settings:NothingServed": PART_DOWN,
    "infra.settings:SettingsError": BAD_USE,
    "infra.embedded.errors:FolderInUse": BAD_USE,
    "infra.embedded.errors:FolderUnusable": BAD_USE,
    "infra.supervisor:AddressInUse": BAD_USE,
    "infra.keys.master:KeyUnusable": BAD_USE,
    "infra.embedded.errors:PartFailed": PART_DOWN,
    "infra.postgres.migrate:MigrationError": FOUND_WRONG,
    "infra.event_store.store:LogIncomplete": FOUND_WRONG,
    "psycopg_pool:PoolTimeout": PART_DOWN,
    "psycopg:OperationalError": PART_DOWN,
    "nats.errors:Error": PART_DOWN,
    "redis.exceptions:ConnectionError": PART_DOWN,
}


class Exit(Exception):
    """End with this code, and say this on stderr."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def unreadable(file: "Path", error: OSError) -> Exit:
    """To be raised where a file that a person has named cannot be read."""
    return _of_a_part(error) or Exit(BAD_USE, f"{file} cannot be read: {error.strerror or error}.")


def unwritable(file: "Path", error: OSError) -> Exit:
    """The same where it cannot be written."""
    return _of_a_part(error) or Exit(
        BAD_USE, f"{file} cannot be written: {error.strerror or error}."
    )


def _of_a_part(error: OSError) -> Exit | None:
    """A part that does not answer is an OSError as well, and not the file's."""
    away = isinstance(error, ConnectionError | TimeoutError)
    return Exit(PART_DOWN, _in_a_line(error)) if away else None


class Explained(NamedTuple):
    code: int
    message: str


def explain(error: Exception) -> Explained | None:
    """What to say and how to end; None for an error of our own making, to be shown whole."""
    if isinstance(error, Exit):
        return Explained(error.code, error.message)
    for place, code in _EXPLAINED.items():
        module, name = place.split(":")
        known = getattr(sys.modules.get(module), name, None)
        if known is not None and isinstance(error, known):
            return Explained(code, _in_a_line(error))
    if isinstance(error, OSError) and error.filename is not None:
        return Explained(BAD_USE, f"{error.filename}: {error.strerror}.")
    return _refusal(error)


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _refusal(error: Exception) -> Explained | None:
    errors = sys.modules.get("domain.errors")
    if errors is None or not isinstance(error, errors.Refused):
        return None
    if isinstance(error, errors.Invalid):  # of two times, say, which of them is none
        said = ((each.pointer.rpartition("/")[2], each.detail) for each in error.problems)
        lines = (f"{name}: {detail}" if name else detail for name, detail in said)
        return Explained(BAD_USE, " ".join(lines))
    kinds = errors.Kind
    down = error.kind in (kinds.DEPENDENCY_DOWN, kinds.OVERLOADED, kinds.VIEW_BEHIND)
    return Explained(PART_DOWN if down else BAD_USE, error.detail)
