"""An answer whose chunks leave as they come."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from api.http import streamed
from api.http.call import ClientGone, nothing_sent
from api.http.streamed import StreamedReply


async def test_whoever_reads_nothing_lets_go_of_what_writes_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed, "_TAKEN_WITHIN_S", 0.05)
    let_go = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"one more"
        finally:
            let_go.set()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()  # as where a client's window is full

    with pytest.raises(ClientGone):
        await StreamedReply(200, chunks=chunks())({"type": "http"}, nothing_sent, send)
    gc.collect()
    async with asyncio.timeout(5):
        await let_go.wait()
