"""The way of PostgreSQL connections through here, where they can be cut or held at one moment."""

import asyncio
import contextlib
import socket
import struct
import threading
from enum import Enum, auto
from types import TracebackType
from typing import Self

from infra.embedded.sockets import LOOPBACK

_CHUNK = 65_536
_LENGTH = struct.Struct("!i")
_OPENING_S = 5.0


class Fate(Enum):
    """Of the next answer to the watched statement, whose work is committed by then."""

    CUT = auto()
    """Lost with its connection."""

    HELD = auto()
    """Kept back until `release`."""


class Proxy:
    """Runs from `with` to its end, in a thread of its own. `watched` is a piece of the text of
    the statement that `arm` waits for; it must be sent in autocommit."""

    def __init__(self, upstream_port: int, watched: bytes) -> None:
        self.watched = watched
        self.struck = threading.Event()
        self._upstream_port = upstream_port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._fate: Fate | None = None
        self._loop = asyncio.new_event_loop()
        self._let_go = asyncio.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def arm(self, fate: Fate) -> threading.Event:
        """Decide the next answer's fate; the event is set when that has befallen it."""
        self.struck = threading.Event()
        self._loop.call_soon_threadsafe(self._let_go.clear)
        self._fate = fate
        return self.struck

    def release(self) -> None:
        """Let go of what is held."""
        self._loop.call_soon_threadsafe(self._let_go.set)

    @property
    def is_armed(self) -> bool:
        return self._fate is not None

    def take_fate(self) -> Fate | None:
        """Once for each `arm`."""
        fate, self._fate = self._fate, None
        return fate

    async def until_let_go(self) -> None:
        await self._let_go.wait()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._listener)
        await self._end.wait()
        server.close()

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            upstream, to_upstream = await asyncio.wait_for(
                asyncio.open_connection(LOOPBACK, self._upstream_port), _OPENING_S
            )
        except (OSError, TimeoutError):
            to_client.close()
            return
        # Each message goes out alone; without this each would wait for the one before.
        own: socket.socket = to_client.get_extra_info("socket")
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = _Session(self)
        ways = [
            asyncio.create_task(session.forward(client, to_upstream)),
            asyncio.create_task(session.back(upstream, to_client)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for writer in (to_client, to_upstream):
                writer.transport.abort()


class _Session:
    """One connection. Reads the messages of PostgreSQL's protocol 3 as they pass: enough of them
    to tell the answer to the watched statement from all others."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._prepared: dict[bytes, bool] = {}
        self._asked = 0  # answers that the client has asked for with a Sync or a Query
        self._answered = -1  # the log-in is answered without such an ask
        self._awaited: int | None = None  # the answer that carries the watched statement's

    async def forward(self, client: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            # The first message has no type; without encryption there is but one such.
            length = await client.readexactly(4)
            upstream.write(length + await client.readexactly(_LENGTH.unpack(length)[0] - 4))
            while True:
                kind, body, raw = await _message(client)
                self._note(kind, body)
                upstream.write(raw)
                await upstream.drain()

    async def back(self, upstream: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        kept: list[bytes] = []
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                kind, body, raw = await _message(upstream)
                if self._awaited is None:
                    client.write(raw)
                    await client.drain()
                else:
                    kept.append(raw)
                if kind != b"Z":
                    continue
                self._answered += 1
                if self._awaited is not None and self._answered > self._awaited and body == b"I":
                    self._awaited = None
                    if not await self._decide():
                        return
                    client.writelines(kept)
                    kept.clear()

    async def _decide(self) -> bool:
        """Whether the answer goes on to the client."""
        fate = self._proxy.take_fate()
        if fate is None:
            return True
        self._proxy.struck.set()
        if fate is Fate.CUT:
            return False
        await self._proxy.until_let_go()
        return True

    def _note(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"P":  # Parse: name, text
                name, text, *_ = body.split(b"\0", 2)
                self._prepared[name] = self._proxy.watched in text
            case b"B":  # Bind: portal, name
                _, name, *_ = body.split(b"\0", 2)
                self._await_answer(self._prepared.get(name, False))
            case b"Q":  # Query: text
                self._await_answer(self._proxy.watched in body)
                self._asked += 1
            case b"S":  # Sync
                self._asked += 1

    def _await_answer(self, is_watched: bool) -> None:
        if is_watched and self._proxy.is_armed and self._awaited is None:
            self._awaited = self._asked


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes, bytes]:
    head = await reader.readexactly(5)
    body = await reader.readexactly(_LENGTH.unpack(head[1:])[0] - 4)
    return head[:1], body, head + body
