"""Logs as one JSON object a line, the library loggers' too, each with its request's id."""

import logging
import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final

import orjson

from infra.unseen import unseen

with unseen("rich"):  # it draws exceptions with that on terminals; we write JSON
    import structlog
    from structlog.tracebacks import ExceptionDictTransformer

# Set by whoever begins a piece of work: a request's id, so that every line it causes carries it.
work_id: Final[ContextVar[str | None]] = ContextVar("work_id", default=None)


def configure(level: str, role: str) -> None:
    """Send every log line of this process to stderr as JSON; `role` names the process in it. A
    line that cannot be written there is let go."""

    def add_context(
        _logger: Any, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event["role"] = role
        request = work_id.get()
        if request is not None:
            event.setdefault("request_id", request)
        return event

    number = logging.getLevelNamesMapping()[level.upper()]
    stream = sys.stderr.buffer
    structlog.configure(
        processors=[
            add_context,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without the values of local variables: they may be secrets.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Lines(stream),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(max(number, logging.WARNING))


class _Lines(structlog.BytesLogger):
    """A closed stream, a reader who went away or a full disk stops nobody who logs."""

    def msg(self, message: bytes) -> None:
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class _Forward(logging.Handler):
    """Hands the standard library's records to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )


def _dumps(value: Any, **_: Any) -> bytes:
    return orjson.dumps(value, default=repr)
