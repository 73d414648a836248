"""Answers of lists and boards that a client may keep, and asks about before it shows them again."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from api.http.call import Call
from api.http.etags import not_modified
from api.http.reply import Header, Reply

# For the client alone, which asks each time whether it still holds. What somebody may see, another
# on the same machine may not; and a large answer is told by how it was asked to be packed.
_KEPT_BY_CLIENTS: Final[tuple[Header, ...]] = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"authorization, accept-encoding"),
)


def conditional(
    call: Call, body: bytes, headers: Sequence[Header], said: bytes | None = None
) -> Reply:
    """A list or board, or 304 where the client holds one that says the same. Its tag covers
    `said`, what the answer shows without the position up to which it is known to hold; None: the
    whole body."""
    return tagged(call, body, weak_tag(body if said is None else said), headers)


def weak_tag(said: bytes) -> bytes:
    """A weak tag (RFC 9110, 8.8.1) of what an answer says, whatever it is packed in."""
    return b'W/"%b"' % sha256(said).hexdigest()[:24].encode()


def tagged(call: Call, body: bytes, tag: bytes, headers: Sequence[Header]) -> Reply:
    """As `conditional`, of an answer whose tag is known."""
    kept = [(b"etag", tag), *_KEPT_BY_CLIENTS, *headers]
    if not_modified(call.headers.get(b"if-none-match"), tag[2:]):
        return Reply(304, b"", kept, None)
    return Reply(200, body, kept)
