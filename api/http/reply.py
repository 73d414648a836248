"""An answer as it leaves: a status, header bytes and ready body bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]

JSON: Final = b"application/json"

# An ASGI extension: where a server offers it, its `send` takes status, headers and body at once.
WHOLE: Final = "taskledger.whole_answer"


@dataclass(slots=True)
class Reply:
    """An ASGI answer without the cost of a response object's header handling.

    `media` is the content type; None where the answer has no body of its own (204, 304). `kept` is
    what an Idempotency-Key gives again in the place of a body that is told only once.
    """

    status: int
    body: bytes = b""
    headers: list[Header] = field(default_factory=list)
    media: bytes | None = JSON
    kept: bytes | None = None
    # Whether all of its body is in memory.
    is_whole: ClassVar[bool] = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*self.described(), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    def described(self) -> Sequence[Header]:
        """The headers that say what the body is."""
        if self.media is None:
            return ()
        return ((b"content-type", self.media), (b"content-length", b"%d" % len(self.body)))


def header(name: str, value: str | int) -> Header:
    """A header whose value is known to be printable ASCII."""
    return name.encode("ascii"), str(value).encode("ascii")


def no_content(headers: Sequence[Header] = ()) -> Reply:
    """204: done, and nothing to show."""
    return Reply(204, b"", list(headers), None)
