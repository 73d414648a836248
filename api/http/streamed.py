"""An answer whose body is too large to be held: its chunks leave as they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.types import Receive, Scope, Send

from api.http.call import Call, ClientGone
from api.http.reply import Header, Reply
from domain.errors import invalid

_TAKEN_WITHIN_S: Final = 60.0


def require_alone(call: Call) -> None:
    """Raises Invalid in a batch, whose answer is held whole."""
    if not call.is_alone:
        raise invalid("", "A file is not part of a batch's answer; ask for it by itself.")


def attachment(name: str) -> Header:
    """Let a browser save what it gets under this name, which is of ASCII."""
    return b"content-disposition", f'attachment; filename="{name}"'.encode("ascii")


@dataclass(slots=True)
class StreamedReply(Reply):
    """`size` bytes of `chunks` (None: nobody knows yet); what fails half way cuts the answer, which
    its length shows, or that its last chunk is missing. So does a client that takes none of it for
    a minute: few are written at once, and whoever reads nothing would hold one for ever."""

    is_whole: ClassVar[bool] = False
    chunks: AsyncIterator[bytes] | None = None
    size: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.chunks is not None, "a streamed answer has chunks"
        headers = [*self.described(), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        async for chunk in self.chunks:
            try:
                async with asyncio.timeout(_TAKEN_WITHIN_S):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except TimeoutError:
                raise ClientGone from None
        await send({"type": "http.response.body", "body": b""})

    def described(self) -> Sequence[Header]:
        assert self.media is not None
        kind = (b"content-type", self.media)
        return (kind,) if self.size is None else (kind, (b"content-length", b"%d" % self.size))
