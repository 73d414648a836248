"""What a failing part looks like from outside: a refusal to try again later, never a fault."""

import psycopg
import psycopg_pool
from redis.exceptions import RedisError

from domain.errors import Kind, Refused

_RETRY_S = 5


def outage(error: BaseException) -> Refused | None:
    """The refusal that this error of a driver means, or None where it is a fault of ours."""
    match error:
        case Refused(kind=Kind.DEPENDENCY_DOWN | Kind.OVERLOADED):
            return error
        case psycopg.errors.QueryCanceled() | psycopg_pool.TooManyRequests():
            return Refused(Kind.OVERLOADED, "Too much at once; try again in a moment.")
        case psycopg.OperationalError() | psycopg.InterfaceError() | psycopg_pool.PoolClosed():
            return _down("The database does not answer now.")
        case RedisError():
            return _down("The store of limits does not answer now.")
        case TimeoutError() | ConnectionError():
            return _down("A part does not answer in time.")
        case _:
            return None


def _down(detail: str) -> Refused:
    return Refused(Kind.DEPENDENCY_DOWN, detail, retry_after=_RETRY_S)
