"""Batches of events as bytes on the stream: consecutive rows of one log, nothing opened."""

from collections.abc import Sequence

import msgspec

from infra.event_store.rows import StoredRow

MOST_EVENTS = 500
MOST_BYTES = 256 * 1024
_ROW_OVERHEAD = 48


class WireError(ValueError):
    """Bytes that no relay of ours has written."""


class _Envelope(msgspec.Struct, array_like=True, frozen=True):
    log_id: str
    epoch: int
    first: int
    last: int
    rows: msgspec.Raw


class _Outgoing(msgspec.Struct, array_like=True, frozen=True):
    log_id: str
    epoch: int
    first: int
    last: int
    rows: Sequence[StoredRow]


_encode = msgspec.msgpack.Encoder().encode
_envelope = msgspec.msgpack.Decoder(_Envelope)
_rows = msgspec.msgpack.Decoder(list[StoredRow])


class Batch:
    """A batch that was received. Its rows are only decoded when they are asked for, since many
    a batch is known already."""

    __slots__ = ("_raw", "epoch", "first", "last", "log_id")

    def __init__(self, envelope: _Envelope) -> None:
        self.log_id = envelope.log_id
        self.epoch = envelope.epoch
        self.first = envelope.first
        self.last = envelope.last
        self._raw = envelope.rows

    def rows(self) -> list[StoredRow]:
        """Consecutive, from `first` to `last`. Raises WireError."""
        try:
            rows = _rows.decode(self._raw)
        except msgspec.MsgspecError as error:
            raise WireError(str(error)) from error
        positions = [row.position for row in rows]
        if not positions or positions != list(range(self.first, self.last + 1)):
            raise WireError("the rows are not those that the envelope names")
        return rows


def encode_batch(log_id: str, epoch: int, rows: Sequence[StoredRow]) -> bytes:
    """`rows` are consecutive and at least one."""
    return _encode(_Outgoing(log_id, epoch, rows[0].position, rows[-1].position, rows))


def decode_batch(data: bytes) -> Batch:
    """Raises WireError."""
    try:
        return Batch(_envelope.decode(data))
    except msgspec.MsgspecError as error:
        raise WireError(str(error)) from error


def message_id(log_id: str, epoch: int, rows: Sequence[StoredRow]) -> str:
    """Says what is in the message; the same content in a later epoch has another one, so that
    JetStream does not take it for a duplicate of what it has thrown away meanwhile."""
    return f"{log_id}.{epoch}.{rows[0].position}-{rows[-1].position}"


def pieces(rows: Sequence[StoredRow]) -> list[Sequence[StoredRow]]:
    """Consecutive rows as messages: each of at most MOST_EVENTS and MOST_BYTES, or of one event."""
    cuts = []
    start = size = 0
    for index, row in enumerate(rows):
        weight = len(row.payload) + len(row.metadata) + len(row.stream) + _ROW_OVERHEAD
        if index > start and (size + weight > MOST_BYTES or index - start == MOST_EVENTS):
            cuts.append(rows[start:index])
            start, size = index, 0
        size += weight
    if len(rows) > start:
        cuts.append(rows[start:])
    return cuts
