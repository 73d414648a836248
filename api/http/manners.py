"""What every answer has: a request's id, safe headers, one log line, one measurement, no stack."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import access_log
from api.http.call import Call, ClientGone
from api.http.packing import packed
from api.http.problems import INTERNAL, problem
from api.http.reply import JSON, WHOLE, Header, Reply
from api.http.route_table import RouteTable
from infra.logs import work_id

if TYPE_CHECKING:
    from infra.bootstrap import House

_SAFE: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_PRIVATE: Final[Header] = (b"cache-control", b"no-store")

_log = structlog.get_logger(__name__)


class Manners:
    """Pure ASGI middleware, outermost but for CORS; costs a few microseconds.

    Our own routes are answered from here; `app` has the documentation, and refuses the rest.
    """

    def __init__(self, app: ASGIApp, house: "House", routes: RouteTable) -> None:
        self._app = app
        self._house = house
        self._routes = routes
        self._log_access = house.settings.log_level in ("debug", "info")
        self._pack_from = house.settings.pack_answers_from_bytes
        # What CORS adds, it adds to ASGI's own messages.
        self._is_outermost = not house.settings.cors_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.endswith("/") and len(path) > 1:
            scope["path"] = path = path.rstrip("/") or "/"
        call = Call(self._house, scope, receive)
        scope["call"] = call
        token = work_id.set(call.request_id)

        async def send_politely(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = _polite(call, list(message["headers"]))
            await send(message)

        try:
            found = self._routes.find(scope["method"], path)
            if found is None:
                await self._app(scope, receive, send_politely)
            else:
                route, in_path = found
                reply = await route.answer(call, in_path)
                await self._answer(call, reply, send_politely)
        except ClientGone:
            call.status = 499
        except Exception:
            _log.exception("unhandled", method=call.method, path=call.path)
            if call.status:
                raise  # half an answer is out: let the server cut the connection
            call.code = INTERNAL
            reply = problem(INTERNAL, None, instance=call.path, request_id=call.request_id)
            await self._answer(call, reply, send_politely)
        finally:
            self._note(call)
            work_id.reset(token)
            # The call leads back to it: what it held would stay until the collector came by.
            del scope["call"]

    async def _answer(self, call: Call, reply: Reply, send_politely: Send) -> None:
        if len(reply.body) >= self._pack_from and reply.media == JSON:
            reply = await packed(reply, call.headers.get(b"accept-encoding"))
        whole = call.scope.get("extensions", {}).get(WHOLE) if self._is_outermost else None
        if whole is None or not reply.is_whole:
            await reply(call.scope, call.receive, send_politely)
            return
        headers = _polite(call, (*reply.described(), *reply.headers))
        await whole["send"](reply.status, headers, reply.body)
        call.status = reply.status

    def _note(self, call: Call) -> None:
        seconds = call.seconds()
        self._house.metrics.request_done(call.method, call.pattern, call.status, seconds)
        if self._log_access:
            access_log.note(call, seconds)


def _polite(call: Call, headers: Sequence[Header]) -> list[Header]:
    """With what every answer has."""
    polite = [*headers, *_SAFE, *call.extra]
    polite.append((b"x-request-id", call.request_id.encode()))
    polite.append((b"traceparent", call.traceparent))
    for name, _ in headers:
        if name == b"cache-control":
            return polite
    polite.append(_PRIVATE)
    return polite
