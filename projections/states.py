"""Folded domain states as bytes, so that a view folds with the domain's own `evolve`."""

from typing import Generic, TypeVar

from msgspec import msgpack

S = TypeVar("S")


class StateCodec(Generic[S]):
    """One state's class and its MessagePack form. The form follows the class: when the class
    changes, the versions of the projections that keep it must rise."""

    def __init__(self, kind: type[S]) -> None:
        self._encoder = msgpack.Encoder()
        self._decoder = msgpack.Decoder(kind)

    def encode(self, state: S) -> bytes:
        return self._encoder.encode(state)

    def decode(self, data: bytes) -> S:
        """The state that was encoded. Raises msgspec.MsgspecError for any other bytes."""
        return self._decoder.decode(data)
