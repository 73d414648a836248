"""Connections that wait for a server that is busy."""

import asyncio
import socket
import time
from contextlib import ExitStack

import uvicorn
from starlette.types import Receive, Scope, Send

from api.fair_server import FairServer

_WAITING = 200


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Nobody asks."""


async def test_all_who_wait_are_taken_within_few_turns_of_a_busy_loop() -> None:
    turns, taken = 0, asyncio.Event()

    def busy() -> None:
        nonlocal turns
        turns += 1
        time.sleep(0.003)  # longer than the server lets others go first
        if len(server.server_state.connections) == _WAITING:
            taken.set()
        else:
            asyncio.get_running_loop().call_soon(busy)

    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=_WAITING))
        for _ in range(_WAITING):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        config = uvicorn.Config(_nothing, lifespan="off", log_config=None, ws="none")
        server = FairServer(config, listening)
        serving = asyncio.create_task(server.serve())
        busy()
        async with asyncio.timeout(10):
            await taken.wait()
        assert turns < _WAITING / 2
        server.should_exit = True
        await serving
