"""What an outage causes is never poison: tells the two apart."""

from typing import Final

import psycopg
import structlog
from nats.errors import Error as NatsError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from domain.errors import Kind, Refused
from infra.keys.master import KeyUnusable
from infra.nats.connection import NatsAway

# SQLSTATE classes that can only be due to the values of a statement: cardinality, data,
# integrity, and a program limit (such as an index row that is too long).
_BY_VALUES = frozenset({"21", "22", "23", "54"})

FENCED = "TL001"

_log: Final = structlog.get_logger(__name__)


class Fenced(Exception):
    """Somebody else owns the checkpoints now, or has changed them: read them again."""


def is_outage(error: BaseException) -> bool:
    """True for whatever may pass by itself or be put right outside: connections, resources, locks,
    missing tables or rights, a wrong key. False for what this event, or these rows, would cause
    again on a healthy system."""
    if isinstance(error, psycopg.Error):
        if error.sqlstate is None:
            return not isinstance(error, psycopg.DataError | psycopg.ProgrammingError)
        return error.sqlstate[:2] not in _BY_VALUES
    if isinstance(error, Refused):
        return error.kind in (Kind.DEPENDENCY_DOWN, Kind.OVERLOADED)
    return isinstance(
        error,
        OSError
        | TimeoutError
        | MemoryError
        | KeyUnusable
        | NatsError
        | NatsAway
        | PoolTimeout
        | PoolClosed
        | TooManyRequests
        | Fenced,
    )


def is_fence(error: BaseException) -> bool:
    return isinstance(error, Fenced) or (
        isinstance(error, psycopg.Error) and error.sqlstate == FENCED
    )


def described(error: BaseException) -> str:
    """What went wrong and where, without any value: values may be sealed text."""
    if isinstance(error, psycopg.Error):
        return f"{type(error).__name__} {error.sqlstate or ''}".strip()
    where = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        where = f" at {_short(code.co_filename)}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__}{where}"


def starts_over(role: str, error: Exception, *passing: type[Exception]) -> str:
    """Logs why a role begins anew, with the trace where it is a fault: neither an outage nor one
    of `passing`. Returns what the role says of itself meanwhile."""
    why = described(error)
    known = is_outage(error) or isinstance(error, passing)
    _log.warning(f"{role}_starts_over", error=why, exc_info=None if known else error)
    return f"starts over after {why}"


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])
