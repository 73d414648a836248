"""Answers in one piece over a real socket: what HTTP/1.1 asks of them."""

import asyncio
import gc
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.fair_server import FairServer
from api.http.reply import WHOLE, Header

Answer = Callable[[Scope], Awaitable[None]]

_HEADERS: list[Header] = [(b"content-type", b"text/plain"), (b"content-length", b"5")]


async def _hello(scope: Scope) -> None:
    await scope["extensions"][WHOLE]["send"](200, _HEADERS, b"hello")


@asynccontextmanager
async def _served(answer: Answer) -> AsyncIterator[tuple[str, int]]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope)

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, ws="none", server_header=False
    )
    server = FairServer(config, listening)
    serving = asyncio.create_task(server.serve())
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        await serving
        listening.close()


async def _said(answer: Answer, *requests: bytes) -> bytes:
    """All that comes back for requests that are sent at once, until the server hangs up."""
    async with _served(answer) as (host, port), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"".join(requests))
        said = await reader.read()
        writer.close()
        return said


def _request(method: str = "GET", *headers: bytes) -> bytes:
    return b"\r\n".join((f"{method} / HTTP/1.1".encode(), b"host: here", *headers, b"", b""))


_LAST = _request("GET", b"connection: close")


async def test_the_answer_is_whole() -> None:
    said = await _said(_hello, _LAST)
    head, _, body = said.partition(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert headers[0].startswith(b"date: ")
    assert headers[1:] == [
        b"content-type: text/plain",
        b"content-length: 5",
        b"connection: close",
    ]
    assert body == b"hello"


async def test_what_a_request_held_is_let_go_of_with_its_answer() -> None:
    cycles: list[weakref.ref[Any]] = []
    left: list[bool] = []

    async def watched(scope: Scope) -> None:
        left.extend(cycle() is not None for cycle in cycles)
        cycles.append(weakref.ref(scope["extensions"][WHOLE]["send"].args[0]))
        await _hello(scope)

    gc.disable()  # the collector would let go of them sooner or later
    try:
        await _said(watched, _request(), _request(), _LAST)
    finally:
        gc.enable()
    assert left == [False] * 3


async def test_requests_that_are_sent_together_are_answered_in_their_order() -> None:
    count = 0

    async def counted(scope: Scope) -> None:
        nonlocal count
        count += 1
        await asyncio.sleep(0.02 / count)
        await scope["extensions"][WHOLE]["send"](
            200, [(b"content-length", b"1")], str(count).encode()
        )

    said = await _said(counted, _request(), _request(), _LAST)
    bodies = [part[:1] for part in said.split(b"\r\n\r\n")[1:]]
    assert bodies == [b"1", b"2", b"3"]
    assert said.count(b"connection: close") == 1


async def test_head_has_the_headers_and_no_body() -> None:
    said = await _said(_hello, _request("HEAD"), _LAST)
    assert said.count(b"content-length: 5") == 2
    assert said.count(b"hello") == 1


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb"])
async def test_no_header_ends_its_line(value: bytes) -> None:
    async def split(scope: Scope) -> None:
        await scope["extensions"][WHOLE]["send"](200, [*_HEADERS, (b"x-what", value)], b"hello")

    said = await _said(split, _LAST)
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in said


async def test_a_client_that_has_gone_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    asked, gone, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def late(scope: Scope) -> None:
        asked.set()
        await gone.wait()
        await _hello(scope)
        done.set()

    async with _served(late) as (host, port), asyncio.timeout(10):
        _, writer = await asyncio.open_connection(host, port)
        writer.write(_request())
        await asked.wait()
        writer.transport.abort()
        await asyncio.sleep(0.05)
        gone.set()
        await done.wait()
    assert not caplog.records


async def test_a_large_answer_waits_for_a_slow_reader() -> None:
    body = b"x" * (8 * 1024 * 1024)

    async def large(scope: Scope) -> None:
        headers = [(b"content-length", b"%d" % len(body))]
        await scope["extensions"][WHOLE]["send"](200, headers, body)

    async with _served(large) as (host, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(_request() + _LAST)
        got = 0
        while chunk := await reader.read(64 * 1024):
            got += len(chunk)
            await asyncio.sleep(0)
        writer.close()
    assert got > 2 * len(body)
