"""Short core NATS messages that save others a wait: none is ever needed, each may be lost."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from nats.aio.msg import Msg

from infra.nats.connection import NatsConnection, Subscription
from infra.nats.subjects import Subjects


class Beat(msgspec.Struct, frozen=True):
    """The relay's pulse: the log's head, and how far JetStream has it."""

    head: int
    cursor: int


_positions = msgspec.msgpack.Decoder(dict[str, int])
_beat = msgspec.msgpack.Decoder(Beat)
_encode = msgspec.msgpack.Encoder().encode


# The relay gathers for longer than this before it reads.
_SPACING_S: Final = 0.005
_ID_BYTES: Final = 64


class CommitWaker:
    """Tells the relay that events were committed; call it after a commit, from the event loop.

    The first call is sent at once; those that follow within a few milliseconds become one more,
    so it costs a busy writer little.
    """

    def __init__(self, connection: NatsConnection, log_id: str) -> None:
        self._connection = connection
        self._subject = Subjects(log_id).wake
        self._position = 0
        self._sending: asyncio.Task[None] | None = None

    def __call__(self, position: int) -> None:
        self._position = max(self._position, position)
        if self._sending is None and self._connection.connected:
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        try:
            sent = 0
            while sent < self._position:
                sent = self._position
                await self._connection.publish(self._subject, str(sent).encode())
                await asyncio.sleep(_SPACING_S)
        finally:
            self._sending = None


class EndTeller:
    """Tells every process that a session ended or a key was revoked; called from the event loop."""

    def __init__(self, connection: NatsConnection, log_id: str) -> None:
        self._connection = connection
        self._subject = Subjects(log_id).ended
        self._sending: set[asyncio.Task[bool]] = set()

    def __call__(self, ended: str) -> None:
        if not self._connection.connected:
            return
        publish = self._connection.publish(self._subject, ended.encode())
        task = asyncio.get_running_loop().create_task(publish)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def on_ended(
    connection: NatsConnection, log_id: str, heard: Callable[[str], None]
) -> Subscription:
    """Call `heard` with the id of each session that ended and each key that was revoked."""

    def deliver(message: Msg) -> None:
        if len(message.data) <= _ID_BYTES and message.data.isascii():
            heard(message.data.decode())

    return await connection.subscribe(Subjects(log_id).ended, deliver)


async def send_forgotten(connection: NatsConnection, log_id: str) -> bool:
    """Tell every process that keys were destroyed: which, they ask the database."""
    return await connection.publish(Subjects(log_id).forgotten, b"")


async def on_forgotten(
    connection: NatsConnection, log_id: str, heard: Callable[[], None]
) -> Subscription:
    return await connection.subscribe(Subjects(log_id).forgotten, lambda _message: heard())


async def on_commit(
    connection: NatsConnection, log_id: str, woken: Callable[[], None]
) -> Subscription:
    """Call `woken` whenever any process committed to this log."""
    return await connection.subscribe(Subjects(log_id).wake, lambda _message: woken())


async def send_beat(connection: NatsConnection, log_id: str, beat: Beat) -> bool:
    return await connection.publish(Subjects(log_id).beat, _encode(beat))


async def on_beat(
    connection: NatsConnection, log_id: str, heard: Callable[[Beat], None]
) -> Subscription:
    def deliver(message: Msg) -> None:
        try:
            beat = _beat.decode(message.data)
        except msgspec.MsgspecError:
            return
        heard(beat)

    return await connection.subscribe(Subjects(log_id).beat, deliver)


async def send_views(connection: NatsConnection, log_id: str, positions: Mapping[str, int]) -> bool:
    """Tell waiting readers how far views have come: view name -> position."""
    return await connection.publish(Subjects(log_id).views, _encode(dict(positions)))


async def on_views(
    connection: NatsConnection, log_id: str, moved: Callable[[Mapping[str, int]], None]
) -> Subscription:
    """`moved` gets view name -> position: a hint to look again, never proof of a position."""

    def deliver(message: Msg) -> None:
        try:
            positions = _positions.decode(message.data)
        except msgspec.MsgspecError:
            return
        moved(positions)

    return await connection.subscribe(Subjects(log_id).views, deliver)


async def send_change(connection: NatsConnection, log_id: str) -> bool:
    """Tell projectors that generations, pointers or dead letters were changed from outside."""
    return await connection.publish(Subjects(log_id).change, b"")


async def on_change(
    connection: NatsConnection, log_id: str, changed: Callable[[], None]
) -> Subscription:
    return await connection.subscribe(Subjects(log_id).change, lambda _message: changed())
