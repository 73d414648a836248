"""A uvicorn server that shares one listening socket fairly with the other API processes."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

import structlog
import uvicorn

from api.direct_protocol import DirectProtocol

# Who has this many connections lets others go first for a moment, before it takes further ones.
_AT_ONCE: Final = 8
_LET_OTHERS_S: Final = 0.001
# And so many then, as a share of what it has: the more there are, the longer does the loop take to
# come round, and one at a time the last of a thousand would wait for many seconds.
_FURTHER: Final = 1 / 4
_FURTHER_MOST: Final = 64

_NO_ROOM_PAUSE_S: Final = 0.5
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = structlog.get_logger(__name__)


class FairServer(uvicorn.Server):
    """Takes a few connections at a time, and lets others take theirs.

    An event loop's own servers take all that wait at once: when many clients come together, the
    process that wakes first gets nearly all of them and the others stand idle.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        listening: socket.socket,
        leaving: Callable[[], None] = lambda: None,
    ) -> None:
        """`leaving` is called when no further request is taken, before those that run are waited
        for."""
        super().__init__(config)
        self._listening = listening
        self._leaving = leaving
        self._welcomes: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        self.servers = []
        self._listening.setblocking(False)
        self._open()
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._listening)
        self._leaving()
        await super().shutdown(sockets)

    def _open(self) -> None:
        if not self.should_exit:
            asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        held = len(self.server_state.connections)
        for _ in range(min(max(1, int(held * _FURTHER)), _FURTHER_MOST)):
            try:
                connection, _ = self._listening.accept()
            except OSError as error:
                if error.errno in _NO_ROOM:
                    _log.error("no_room_for_connections", error=repr(error))
                    self._pause(_NO_ROOM_PAUSE_S)
                    return
                break  # all are taken, by us or another process, or the client has gone again
            self._welcome(connection)
        if held >= _AT_ONCE:
            self._pause(_LET_OTHERS_S)

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        welcome = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._welcomes.add(welcome)
        welcome.add_done_callback(self._welcomes.discard)

    def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)
        loop.call_later(seconds, self._open)

    def _protocol(self) -> asyncio.Protocol:
        return DirectProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
