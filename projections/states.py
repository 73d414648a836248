"""Folded domain states as bytes, so that a view folds with the domain's own `evolve`."""

from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec
from msgspec import msgpack

from domain.values.evolved import copier

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


class PackedCodec(Generic[S]):
    """As `StateCodec`, for a frozen dataclass with slots that is written by every event: its
    fields in their order, without their names, which would be a third of the row. `stored` are
    what some of them are written as, whatever they hold."""

    def __init__(self, kind: type[S], **stored: Any) -> None:
        described: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]  # it is one
        hints = get_type_hints(kind)
        names = [each.name for each in described]
        self._stored = [(names.index(name), value) for name, value in stored.items()]
        self._values: Callable[[S], tuple[Any, ...]] = attrgetter(*names)
        self._made_of: Callable[[Any], S] = copier(kind)  # type: ignore[arg-type]  # it can be hashed
        shape = msgspec.defstruct(
            kind.__name__,
            [(each.name, hints[each.name]) for each in described],
            array_like=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        self._encoder = msgpack.Encoder()
        self._decoder = msgpack.Decoder(shape)

    def encode(self, state: S) -> bytes:
        values: Sequence[Any] = self._values(state)
        if self._stored:
            values = list(values)
            for place, value in self._stored:
                values[place] = value
        return self._encoder.encode(values)

    def decode(self, data: bytes) -> S:
        """The state that was encoded. Raises msgspec.MsgspecError for any other bytes."""
        return self._made_of(self._decoder.decode(data))
