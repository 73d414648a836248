"""What is said when the log cannot take a commit, and what an error of PostgreSQL's means."""

import psycopg

from domain.errors import Kind, Refused, invalid

RETRY_AFTER_SECONDS = 1

# Ours, raised by log.append.
OTHER_LOG = "TL010"
READ_ONLY = "25006"

# Classes and single codes that say something about the server's state, not about the commit:
# transaction rollback, out of resources, objects in use, operator intervention, system errors,
# a server that is only a standby.
_STATE_OF_SERVER = ("40", "53", "55", "57", "58", READ_ONLY)
# Data exceptions (a NUL in a text), limits of an index entry, and the size that the table allows.
_UNSTORABLE = ("22", "54", "23514")


class AppendFailed(Exception):
    """The log refused a commit for a reason that only a programming error explains."""


def down() -> Refused:
    """Certain: nothing was appended."""
    return Refused(
        Kind.DEPENDENCY_DOWN,
        "The log cannot be written now; nothing was recorded.",
        retry_after=RETRY_AFTER_SECONDS,
    )


def unreachable() -> Refused:
    """Of a read."""
    return Refused(
        Kind.DEPENDENCY_DOWN, "The log cannot be read now.", retry_after=RETRY_AFTER_SECONDS
    )


def in_doubt() -> Refused:
    """Not certain, so without the advice to repeat it."""
    return Refused(
        Kind.DEPENDENCY_DOWN,
        "The log was lost while it recorded this, and it is not known whether it did. "
        "Look before you repeat it; with an Idempotency-Key it can be repeated safely.",
        in_doubt=True,
    )


def overloaded() -> Refused:
    return Refused(
        Kind.OVERLOADED,
        "Too much is waiting to be recorded; try again.",
        retry_after=RETRY_AFTER_SECONDS,
    )


def is_state_of_server(error: psycopg.Error) -> bool:
    """Another commit would fare no better now."""
    return (error.sqlstate or "").startswith(_STATE_OF_SERVER)


def meaning(error: psycopg.Error) -> Exception:
    """Of an error that one commit met alone."""
    if is_state_of_server(error):
        return down()
    if (error.sqlstate or "").startswith(_UNSTORABLE):
        return invalid("", "This holds what cannot be recorded, such as a NUL character.")
    return AppendFailed(str(error))
