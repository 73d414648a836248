"""What every answer has: a request's id, safe headers, one log line, one measurement, no stack."""

import time
from typing import TYPE_CHECKING, Final

import structlog
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.call import Call, ClientGone
from api.http.problems import INTERNAL, problem
from api.http.reply import Header
from infra.logs import work_id

if TYPE_CHECKING:
    from infra.bootstrap import House

_SAFE: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_PRIVATE: Final[Header] = (b"cache-control", b"no-store")

_access = structlog.get_logger("access")
_log = structlog.get_logger(__name__)


class Manners:
    """Pure ASGI middleware, outermost but for CORS; costs a few microseconds."""

    def __init__(self, app: ASGIApp, house: "House") -> None:
        self._app = app
        self._house = house
        self._log_access = house.settings.log_level in ("debug", "info")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.endswith("/") and len(path) > 1:
            scope["path"] = path.rstrip("/") or "/"
        call = Call(self._house, scope, receive)
        scope["call"] = call
        token = work_id.set(call.request_id)

        async def send_politely(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                headers: list[Header] = list(message["headers"])
                headers += _SAFE
                headers += call.extra
                headers.append((b"x-request-id", call.request_id.encode()))
                headers.append((b"traceparent", call.traceparent))
                if not any(name == b"cache-control" for name, _ in message["headers"]):
                    headers.append(_PRIVATE)
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_politely)
        except ClientGone:
            call.status = 499
        except Exception:
            _log.exception("unhandled", method=call.method, path=call.path)
            if call.status:
                raise  # half an answer is out: let the server cut the connection
            call.code = INTERNAL
            reply = problem(INTERNAL, None, instance=call.path, request_id=call.request_id)
            await reply(scope, receive, send_politely)
        finally:
            self._note(call)
            work_id.reset(token)

    def _note(self, call: Call) -> None:
        seconds = time.perf_counter() - call.started
        route = call.scope.get("route")
        pattern = route.path if isinstance(route, Route) else "none"
        self._house.metrics.request_done(call.method, pattern, call.status, seconds)
        if self._log_access:
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
