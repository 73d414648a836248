"""The line that the log gets of a call: who asked for what, and what came of it."""

import structlog

from api.http.call import Call

_access = structlog.get_logger("access")


def note(call: Call, seconds: float) -> None:
    """Of one that was answered."""
    _access.info(
        "request",
        method=call.method,
        path=call.path,
        status=call.status,
        ms=round(seconds * 1_000, 2),
        code=call.code,
        user_id=call.user_id,
        address=call.address,
        trace_id=call.trace_id,
    )
