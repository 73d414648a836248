"""Large answers packed by gzip, for those who ask for it."""

import asyncio
import zlib
from collections.abc import Sequence
from typing import Final

from api.http.reply import Header, Reply

# Level 1 makes a board a tenth as long; level 6 a seventeenth, in three times the time.
_LEVEL: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS
# Longer than a task of the loop should take: packed in another thread.
_ELSEWHERE_BYTES: Final = 256 * 1024


async def packed(reply: Reply, accepted: bytes | None) -> Reply:
    """The answer as `accepted`, the value of Accept-Encoding, has it (RFC 9110, 12.5.3)."""
    if not accepts_gzip(accepted) or _has_strong_tag(reply.headers):
        return reply
    if len(reply.body) > _ELSEWHERE_BYTES:
        body = await asyncio.to_thread(_gzip, reply.body)
    else:
        body = _gzip(reply.body)
    headers = [*reply.headers, (b"content-encoding", b"gzip")]
    if not any(name == b"vary" for name, _ in headers):
        headers.append((b"vary", b"accept-encoding"))
    return Reply(reply.status, body, headers, reply.media)


def accepts_gzip(accepted: bytes | None) -> bool:
    """Whether a value of Accept-Encoding takes gzip; what it does not say, nobody has asked for."""
    if accepted is None:
        return False
    weights: dict[bytes, float] = {}
    for each in accepted.lower().split(b","):
        coding, _, parameter = each.partition(b";")
        name, _, weight = parameter.partition(b"=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == b"q" else 1.0
        except ValueError:
            return False
    gzip = weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0)))
    return gzip > 0


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def _has_strong_tag(headers: Sequence[Header]) -> bool:
    """A strong tag is that of these very bytes, and packed they would be others."""
    return any(name == b"etag" and not value.startswith(b"W/") for name, value in headers)
