"""Opaque cursors: where in an order a page ended, checked like anything that a client sends."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from domain.errors import Invalid, invalid

Int16 = Annotated[int, msgspec.Meta(ge=-(2**15), le=2**15 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Float = float

# An order may hold a title of 500 characters and four texts of custom fields.
MOST_CHARACTERS = 8_000

_POINTER = "/query/cursor"


class CursorCodec:
    """Cursors of one order of one kind of list: `name` tells them from all others, `values` are
    the types of what is kept: where the order stands, the row's id last.

    Of the alphabet `A-Za-z0-9_-`. A cursor names the log's incarnation: after another one has
    been declared its place may not exist any more.
    """

    def __init__(self, name: str, *values: Any) -> None:
        self._name = name
        self._encoder = msgspec.msgpack.Encoder()
        kept: Any = tuple[values]  # type: ignore[valid-type] # made from arguments
        self._decoder = msgspec.msgpack.Decoder(tuple[str, str, kept])

    def encode(self, log_id: str, values: Sequence[Any]) -> str:
        packed = self._encoder.encode((self._name, log_id[:8], tuple(values)))
        return urlsafe_b64encode(packed).rstrip(b"=").decode()

    def decode(self, log_id: str, cursor: str) -> tuple[Any, ...]:
        """What was encoded. Raises Invalid at `/query/cursor` for anything else: text that is no
        cursor, one of another list or order, one of another log."""
        if len(cursor) > MOST_CHARACTERS or not cursor.isascii():
            raise _malformed()
        try:
            packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            name, log, values = self._decoder.decode(packed)
        except (Base64Error, ValueError, msgspec.MsgspecError):
            raise _malformed() from None
        if name != self._name or log != log_id[:8]:
            raise _malformed()
        if any(isinstance(value, str) and "\x00" in value for value in values):
            raise _malformed()
        return tuple(values)

    def malformed(self) -> Invalid:
        """The refusal of what was encoded for somebody else."""
        return _malformed()


def _malformed() -> Invalid:
    return invalid(
        _POINTER, "This is no cursor of this list in this order; begin again without one."
    )
