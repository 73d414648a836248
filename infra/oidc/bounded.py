"""Answers of a size that makes sense: a provider that goes wrong fills nobody's memory."""

from collections.abc import AsyncIterator
from typing import Final, cast

import httpx2

# A document, keys and tokens take some kilobytes; certificates in keys some more.
MOST_BYTES: Final = 1024 * 1024


async def bound(answer: httpx2.Response) -> None:
    """To be called before anything of an answer is read: whoever does gets a ReadError where it is
    longer, or packed though nobody asked for that, since it might then be of any size."""
    inner = cast("httpx2.AsyncByteStream", answer.stream)
    packed = answer.headers.get("content-encoding", "identity") != "identity"
    answer.stream = _BoundedStream(inner, 0 if packed else MOST_BYTES)


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._inner = inner
        self._left = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            self._left -= len(part)
            if self._left < 0:
                raise httpx2.ReadError("the answer is too long, or packed")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
