"""The keys of single fields of an event, which disclose these and nothing else of anybody."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.msgpack import Decoder, Ext

from domain.record.disclosure import (
    METADATA,
    SEALED,
    NotReadable,
    key_id_of,
    open_field,
    place,
    read_map,
    sealed_fields,
)
from domain.values.frozen import dataclass
from infra.event_store.rows import StoredRow
from infra.event_store.sealing import opening_key
from infra.keys.content_keys import OpeningKey

_decode = Decoder().decode


@dataclass(frozen=True, slots=True)
class Sealed:
    """A field that is sealed, as it is stored."""

    field: str
    content: bytes


def sealed_in(row: StoredRow) -> list[Sealed]:
    """All sealed fields of an event. Raises NotReadable."""
    found = sealed_fields(row.payload, row.metadata)
    return [Sealed(field, content) for field, content in found.items()]


def disclosed(
    row: StoredRow, fields: Sequence[Sealed], keys: Mapping[bytes, OpeningKey | None]
) -> list[tuple[str, bytes]]:
    """Each field that can still be read, with the key of it alone."""
    if not fields:
        return []
    where = place(row.workspace_id, row.stream, row.version, row.type)
    return [
        (each.field, secret)
        for each in fields
        if (key := keys[key_id_of(each.content)]) is not None
        and (secret := opening_key(key, where + each.field.encode(), each.content)) is not None
    ]


@dataclass(frozen=True, slots=True)
class Opened:
    """What an event says, in values that JSON has: fields of `data` and `metadata` whose text was
    made unreadable for ever are null, and named in `erased`."""

    data: dict[str, Any]
    metadata: dict[str, Any]
    erased: list[str]


def opened(row: StoredRow, field_keys: Mapping[str, bytes]) -> Opened:
    """By the keys of single fields alone. Raises NotReadable or SealBroken."""
    where = place(row.workspace_id, row.stream, row.version, row.type)
    erased: list[str] = []

    def value(field: str, stored: Any) -> Any:
        if type(stored) is not Ext:
            return stored.hex() if isinstance(stored, bytes) else stored
        key = field_keys.get(field)
        if stored.code != SEALED or key is None:
            erased.append(field)
            return None
        plaintext = open_field(key, where + field.encode(), bytes(stored.data))
        return _plain(field, plaintext)

    data = {name: value(name, stored) for name, stored in read_map(row.payload).items()}
    metadata = {
        name: value(METADATA + name, stored) for name, stored in read_map(row.metadata).items()
    }
    return Opened(data, metadata, erased)


def _plain(field: str, plaintext: bytes) -> Any:
    """Fields of the metadata are texts as they are, those of events as MessagePack has them."""
    try:
        return plaintext.decode() if field.startswith(METADATA) else _decode(plaintext)
    except (msgspec.MsgspecError, ValueError) as error:
        raise NotReadable(f"{field} holds no text") from error
