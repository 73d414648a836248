"""A uvicorn protocol that takes an answer in one piece, for an application that makes it so."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.http.reply import WHOLE, Header

_BREAK: Final = b"\r\n"


class DirectProtocol(HttpToolsProtocol):
    """Offers the ASGI extension `WHOLE`, whose `send` takes status, headers and body at once.

    Answers that come as ASGI's own messages go as they always do. There every header is looked
    at again by two regular expressions, which with a dozen headers costs more than the rest of
    sending; here the application vouches for names in lower case and a body as long as it says.
    """

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.scope["extensions"] = {WHOLE: {"send": partial(_answer, cycle)}}
        super()._start_asgi_task(cycle, app)


async def _answer(
    cycle: RequestResponseCycle, status: int, headers: Sequence[Header], body: bytes
) -> None:
    """Send an answer; to a client that has gone, nothing. Raises ValueError for a header that
    would end the line it stands in."""
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    head = b"".join(lines)
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
        raise ValueError("a header's value holds a line break")
    sent = b"" if cycle.scope["method"] == "HEAD" else body
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join((STATUS_LINE[status], head, _BREAK, sent)))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    # It leads back to the cycle: what a request held would stay until the collector came by.
    del cycle.scope["extensions"]
