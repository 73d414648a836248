"""Who is sent packed answers: only those who say that they take them."""

import gzip

import pytest

from api.http.packing import accepts_gzip, packed
from api.http.reply import Reply


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        (None, False),
        (b"", False),
        (b"identity", False),
        (b"br, zstd", False),
        (b"gzip", True),
        (b"GZIP", True),
        (b"deflate, gzip;q=0.5, br", True),
        (b"x-gzip", True),
        (b"*", True),
        (b"gzip;q=0", False),
        (b"gzip;q=0.0, *", False),
        (b"*;q=0", False),
        (b"gzip;q=much", False),
    ],
)
def test_what_an_accept_encoding_takes(accepted: bytes | None, takes: bool) -> None:
    assert accepts_gzip(accepted) is takes


@pytest.mark.parametrize("size", [70_000, 700_000])
async def test_what_was_packed_is_the_same_when_it_is_unpacked(size: int) -> None:
    body = (b'{"tasks":[' + b'{"title":"again"},' * size)[:size]
    reply = await packed(Reply(200, body, [(b"etag", b'W/"a"')]), b"gzip")
    assert (b"content-encoding", b"gzip") in reply.headers
    assert (b"vary", b"accept-encoding") in reply.headers
    assert len(reply.body) * 20 < size
    assert gzip.decompress(reply.body) == body


async def test_a_strong_tag_is_that_of_the_bytes_as_they_are() -> None:
    reply = Reply(200, b"x" * 100_000, [(b"etag", b'"3-a"')])
    assert await packed(reply, b"gzip") is reply
