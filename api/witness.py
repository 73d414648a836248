"""The door of a witness: c2sp.org/tlog-witness, and nothing of the product."""

import asyncio
import re
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from domain.record.witnessing import MOST_REQUEST_BYTES, Why, WillNotCosign
from infra.record.signing import CannotSign
from infra.witness.witness import Witness

SIZE_TYPE: Final = "text/x.tlog.size"

_TEXT: Final = "text/plain; charset=utf-8"
_BODY_WITHIN_S: Final = 10.0
_HASH: Final = re.compile("[0-9a-f]{64}")
_STATUS: Final = {
    Why.BROKEN: 400,
    Why.NOT_SIGNED: 403,
    Why.UNKNOWN_LOG: 404,
    Why.OTHER_SIZE: 409,
    Why.OTHER_ROOT: 409,
    Why.INCONSISTENT: 422,
}

log = structlog.get_logger()


def create_witness_app(witness: Witness) -> Starlette:
    """Submissions, and what was cosigned last, both below one prefix."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(_BODY_WITHIN_S):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return _text(408, "the request did not come in time")
        if body is None:
            return _text(413, f"more than {MOST_REQUEST_BYTES} bytes")
        try:
            return Response(await witness.add_checkpoint(body), media_type=_TEXT)
        except WillNotCosign as refused:
            if refused.size is not None:
                return Response(f"{refused.size}\n", 409, {"Content-Type": SIZE_TYPE})
            return _text(_STATUS[refused.why], str(refused))
        except (CannotSign, OSError) as error:
            return _away(error)

    async def checkpoint(request: Request) -> Response:
        name = request.path_params["origin_hash"]
        try:
            note = await witness.checkpoint(name) if _HASH.fullmatch(name) else None
        except OSError as error:
            return _away(error)
        if note is None:
            return _text(404, "nothing of such a log was cosigned here")
        return Response(note, headers={"Cache-Control": "no-cache"}, media_type=_TEXT)

    async def healthz(_: Request) -> Response:
        return _text(200, "ok")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin_hash}/checkpoint", checkpoint),
            Route("/healthz", healthz),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """None where it is too long, without reading all of it."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_REQUEST_BYTES:
            return None
    return bytes(content)


def _away(error: Exception) -> Response:
    log.error("witness_cannot_sign", error=str(error))
    return _text(503, "this witness cannot sign now")


def _text(status: int, detail: str) -> Response:
    return Response(f"{detail}\n", status, media_type=_TEXT)
