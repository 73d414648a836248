"""What the log keeps about an event beside the event: who, from where, because of what."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec.msgpack import Decoder, Encoder, Ext

from domain.record.disclosure import ERASED_BEFORE, METADATA, SEALED, key_id_of
from domain.values.recorded import Origin
from domain.values.text import ERASED, Text
from infra.event_store.codec import Keys, Unreadable
from infra.event_store.sealing import unseal

# Sealed fields are named in their associated data; no field of a class can have such a name.
IP = f"{METADATA}ip"
REASON = f"{METADATA}reason"

Said = Callable[[str], str]

ERASED_TEXT = Ext(ERASED_BEFORE, b"")


class Metadata(msgspec.Struct, omit_defaults=True, frozen=True, gc=False):
    """In bytes a MessagePack map in this order, without what is absent: the same metadata gives
    the same bytes. `reason` and `ip` are sealed. From `draws` and `touches` the sequences and
    guards are rebuilt. `author` wrote the free text, and `authors` single fields of it, where that
    was not the actor (in events older than these two, nobody says so)."""

    actor: str
    command: bytes
    via: str = "api"
    request_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    key_id: str | None = None
    occurred_at: datetime | None = None
    draws: str | None = None
    touches: tuple[str, ...] = ()
    ip: Any = None
    reason: Any = None
    author: str | None = None
    authors: dict[str, str] | None = None

    def sealed(self) -> list[bytes]:
        """Its sealed parts, as they are stored."""
        return [
            bytes(value.data)
            for value in (self.ip, self.reason)
            if type(value) is Ext and value.code == SEALED
        ]

    def without_address(self) -> "Metadata":
        """For readers to whom nobody's address matters: opening it costs as much as a title."""
        return self if self.ip is None else msgspec.structs.replace(self, ip=None)

    def without_reason(self) -> "Metadata":
        return self if self.reason is None else msgspec.structs.replace(self, reason=None)

    def origin(self, where: bytes, keys: Keys, address: Said | None = None) -> Origin:
        """`address`: how the address is told, itself where this is left out."""
        ip = None if self.ip is None else _text(self.ip, where + IP.encode(), keys)
        if address is not None and isinstance(ip, str):
            ip = address(ip)
        return Origin(
            self.actor,
            self.request_id,
            self.correlation_id,
            self.causation_id,
            self.via,
            self.key_id,
            ip,
            None if self.reason is None else _text(self.reason, where + REASON.encode(), keys),
        )


_encoder = Encoder()
_decoder = Decoder(Metadata)


def encode_metadata(metadata: Metadata) -> bytes:
    return _encoder.encode(metadata)


def decode_metadata(data: bytes) -> Metadata:
    """Raises Unreadable."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"metadata: {error}") from error


def sealed_text(blob: bytes) -> Ext:
    return Ext(SEALED, blob)


def _text(value: Any, where: bytes, keys: Keys) -> Text:
    if type(value) is not Ext:
        return str(value)
    if value.code == ERASED_BEFORE:
        return ERASED
    blob = bytes(value.data)
    key = keys[key_id_of(blob)]
    plaintext = None if key is None else unseal(key, where, blob)
    return ERASED if plaintext is None else plaintext.decode()
