"""Domain events to the bytes of a payload and back, by the table of event types.

A payload is a MessagePack map of the event's fields. A sealed field stands in it as an extension
value; so does one whose text was erased before it was written (`was` of a renamed thing). What
was written is read back and compared before it leaves, since the log can never be mended.
"""

import types
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.msgpack import Decoder, Encoder, Ext

from domain.errors import invalid
from domain.record.disclosure import ERASED_BEFORE, SEALED, key_id_of, place
from domain.values.evolved import copier
from domain.values.text import ERASED, Erased
from infra.event_store.event_types import EVENT_TYPES, UPCASTERS, EventType, Upcaster
from infra.event_store.rows import StoredRow
from infra.event_store.sealing import Sealer, unseal
from infra.keys.content_keys import OpeningKey

_ERASED = Ext(ERASED_BEFORE, b"")
_Utc = Annotated[datetime, msgspec.Meta(tz=True)]
_encode = Encoder().encode
_decode_any = Decoder().decode

Keys = Mapping[bytes, OpeningKey | None]
Fields = Mapping[type, Collection[str]]
"""Names of fields by the class of their event."""

ALL_READ: Final[Fields] = {}


class EventUnknown(LookupError):
    """No event type of this code has this stored name."""


class Unreadable(Exception):
    """A stored event does not have the shape that its type promises."""


class Unread:
    """In place of a sealed field that whoever asked said it would not look at: who does all the
    same fails, where a text that is merely missing would be shown as one."""

    __slots__ = ()

    def _looked_at(self, *_: object) -> Any:
        raise LookupError("a sealed field was looked at that was said to be unread")

    __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __str__ = __getattr__ = _looked_at
    __class__ = property(_looked_at)  # which isinstance asks for


UNREAD: Final = Unread()


class SealedField:
    """A field that is sealed, and its plaintext's own codec."""

    __slots__ = ("_decode", "_empty", "kind", "name")

    def __init__(self, name: str, kind: Literal["content", "identity"], hint: Any) -> None:
        self.name = name
        self.kind = kind
        plain = _plain(hint)
        self._decode: Callable[[bytes], Any] = Decoder(plain).decode
        empty = "" if plain is str else {}
        self._empty = (None, empty) if _allows_none(hint) else (empty,)

    def is_empty(self, value: object) -> bool:
        """Nothing was written, so there is nothing to seal."""
        return not value and value in self._empty

    def encode(self, value: object) -> bytes:
        plaintext = _encode(value)
        if self._decode(plaintext) != value:
            raise TypeError(f"{self.name} does not come back as it was written")
        return plaintext

    def decode(self, plaintext: bytes) -> Any:
        return self._decode(plaintext)


class EventCodec:
    """The codec of one event type."""

    def __init__(self, event_type: EventType) -> None:
        self.name = event_type.name
        self.event = event_type.event
        self.drawn = event_type.drawn
        hints = get_type_hints(self.event)
        described = [each for each in fields(self.event) if each.name != self.drawn]
        names = tuple(each.name for each in described)
        self.sealed = tuple(
            SealedField(name, kind, hints[name])
            for kind, chosen in _kinds(event_type)
            for name in chosen
        )
        hidden = {each.name for each in self.sealed}
        self._names = names
        self._values = _getter(names)
        self._open_values = _getter(tuple(name for name in names if name not in hidden))
        self._hints = hints
        # What is stored of most events is all that they are, as they are.
        self._is_whole = self.drawn is None and all(
            name not in hidden and _aware(hints[name]) == hints[name] for name in names
        )
        self._shape: Decoder[Any] = Decoder(
            self.event if self._is_whole else _stored(self.event, hints, hidden)
        )

    def encode(self, event: Any, sealer: Sealer) -> bytes:
        """The payload; `sealer` has a key for each field that needs one.

        Raises TypeError for an event that is not of its own declared types, and Invalid for text
        or numbers that cannot be stored.
        """
        values = dict(zip(self._names, self._values(event), strict=True))
        try:
            for field in self.sealed:
                value = values[field.name]
                if isinstance(value, Erased):
                    values[field.name] = _ERASED
                elif not field.is_empty(value):
                    blob = sealer.seal(field.name, field.encode(value))
                    values[field.name] = _ERASED if blob is None else Ext(SEALED, blob)
            payload = _encode(values)
            self._check(event, payload)
        except (UnicodeEncodeError, OverflowError, RecursionError) as error:
            raise invalid("", f"{self.name} holds what cannot be stored: {error}") from error
        except msgspec.ValidationError as error:
            raise TypeError(f"{self.name}: {error}") from error
        return payload

    def parse(self, payload: bytes) -> Any:
        """The shape of a stored payload, sealed fields as they are stored."""
        try:
            return self._shape.decode(payload)
        except msgspec.MsgspecError as error:
            raise Unreadable(f"{self.name}: {error}") from error

    def build(self, row: StoredRow, shape: Any, keys: Keys, unread: Collection[str] = ()) -> Any:
        """The event; what is filled in is filled into the shape. Sealed fields that are `unread`
        stay closed."""
        if self._is_whole:
            return shape
        where = b""
        for field in self.sealed:
            value = getattr(shape, field.name)
            if type(value) is not Ext:
                continue
            if field.name in unread:
                setattr(shape, field.name, UNREAD)
                continue
            where = where or place(row.workspace_id, row.stream, row.version, row.type)
            setattr(shape, field.name, _opened(field, row, where, value, keys))
        if self.drawn is not None:
            setattr(shape, self.drawn, row.number)
        return copier(self.event)(shape)

    def from_plain(self, row: StoredRow, values: dict[str, Any]) -> Any:
        """The event from fields as an upcaster returns them."""
        known = {
            name: value if isinstance(value, Erased) else self._converted(name, value)
            for name, value in values.items()
            if name in self._hints
        }
        if self.drawn is not None:
            known[self.drawn] = row.number
        return self.event(**known)

    def _converted(self, name: str, value: Any) -> Any:
        hint = self._hints[name]
        plain = _plain(hint)
        return msgspec.convert(value, plain | None if _allows_none(hint) else plain)

    def _check(self, event: Any, payload: bytes) -> None:
        if self._open_values(self._shape.decode(payload)) != self._open_values(event):
            raise TypeError(f"{self.name} does not come back as it was written")
        if self.drawn is not None and getattr(event, self.drawn) is not None:
            raise TypeError(f"{self.name}.{self.drawn} is drawn by the log, never given")


class Codec:
    """All event types, and the upcasters that lead to them."""

    def __init__(
        self,
        event_types: Iterable[EventType] = EVENT_TYPES,
        upcasters: Iterable[Upcaster] = UPCASTERS,
    ) -> None:
        codecs = [EventCodec(event_type) for event_type in event_types]
        self._by_name = {codec.name: codec for codec in codecs}
        self._by_class = {codec.event: codec for codec in codecs}
        self._upcasters = {upcaster.name: upcaster for upcaster in upcasters}
        if len(self._by_name) < len(codecs) or len(self._by_class) < len(codecs):
            raise ValueError("an event type or its class stands twice in the table")
        for name in self._upcasters:
            if name in self._by_name:
                raise ValueError(f"{name} is still written: nothing may upcast it")
            self._newest(name)

    def of(self, event: object) -> EventCodec:
        """Raises EventUnknown for a class that is not in the table."""
        codec = self._by_class.get(type(event))
        if codec is None:
            raise EventUnknown(f"{type(event).__name__} is not in the table of event types")
        return codec

    def named(self, event: type) -> str:
        """The stored name of a class of events. Raises KeyError for one not in the table."""
        return self._by_class[event].name

    def event_of(self, name: str) -> type | None:
        """The class of what is stored under a name; None for one that this code does not know, or
        no longer writes."""
        codec = self._by_name.get(name)
        return None if codec is None else codec.event

    def is_identity(self, name: str, field: str) -> bool:
        """Whether a sealed field of such an event says who somebody is."""
        codec = self._by_name.get(name)
        return codec is not None and any(
            each.name == field and each.kind == "identity" for each in codec.sealed
        )

    def parse(self, row: StoredRow) -> Any:
        """The shape of a row's payload, to give to `build`; None for an unknown type."""
        codec = self._by_name.get(row.type)
        if codec is not None:
            return codec.parse(row.payload)
        if row.type in self._upcasters:
            return _generic(row)
        return None

    def sealed(self, row: StoredRow, shape: Any) -> Iterable[bytes]:
        """Its fields that are sealed, as they are stored."""
        codec = self._by_name.get(row.type)
        values: Iterable[Any]
        if shape is None:
            values = ()
        elif codec is not None:
            values = [getattr(shape, field.name) for field in codec.sealed]
        else:
            values = shape.values()
        for value in values:
            if type(value) is Ext and value.code == SEALED:
                yield bytes(value.data)

    def build(self, row: StoredRow, shape: Any, keys: Keys, unread: Fields = ALL_READ) -> Any:
        """The event as the newest code knows it, or None for an unknown type. Its `unread` sealed
        fields are not opened, as far as it is stored as that code writes it.

        Raises Unreadable or SealBroken.
        """
        codec = self._by_name.get(row.type)
        if codec is not None:
            return codec.build(row, shape, keys, unread.get(codec.event, ()))
        return None if shape is None else self._upcast(row, shape, keys)

    def _upcast(self, row: StoredRow, stored: dict[str, Any], keys: Keys) -> Any:
        where = place(row.workspace_id, row.stream, row.version, row.type)
        values = {
            name: _opened_any(value, where + name.encode(), keys) if type(value) is Ext else value
            for name, value in stored.items()
        }
        name = row.type
        while upcaster := self._upcasters.get(name):
            values, name = upcaster.change(values), upcaster.to
        try:
            return self._by_name[name].from_plain(row, values)
        except (msgspec.ValidationError, TypeError) as error:
            raise Unreadable(f"{row.type} read as {name}: {error}") from error

    def _newest(self, name: str) -> EventCodec:
        seen = set[str]()
        while upcaster := self._upcasters.get(name):
            if name in seen:
                raise ValueError(f"the upcasters of {name} go in a circle")
            seen.add(name)
            name = upcaster.to
        if name not in self._by_name:
            raise ValueError(f"upcasters lead to {name}, which is not in the table")
        return self._by_name[name]


def _opened(field: SealedField, row: StoredRow, where: bytes, value: Ext, keys: Keys) -> Any:
    plaintext = _plaintext(value, where + field.name.encode(), keys)
    try:
        return ERASED if plaintext is None else field.decode(plaintext)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"{row.type}.{field.name}: {error}") from error


def _opened_any(value: Ext, where: bytes, keys: Keys) -> Any:
    plaintext = _plaintext(value, where, keys)
    return ERASED if plaintext is None else _decode_any(plaintext)


def _plaintext(value: Ext, where: bytes, keys: Keys) -> bytes | None:
    if value.code == ERASED_BEFORE:
        return None
    if value.code != SEALED:
        raise Unreadable(f"an extension value of unknown code {value.code}")
    blob = bytes(value.data)
    key = keys[key_id_of(blob)]
    return None if key is None else unseal(key, where, blob)


def _generic(row: StoredRow) -> dict[str, Any]:
    try:
        stored = _decode_any(row.payload)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"{row.type}: {error}") from error
    if not isinstance(stored, dict):
        raise Unreadable(f"{row.type}: not a map")
    return stored


def _kinds(
    event_type: EventType,
) -> tuple[tuple[Literal["content", "identity"], tuple[str, ...]], ...]:
    return (("content", event_type.content), ("identity", event_type.identity))


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return (lambda instance: (get(instance),)) if len(names) == 1 else get


def _stored(event: type, hints: Mapping[str, Any], hidden: Collection[str]) -> type:
    """What a payload is read as, whatever a sealed field may be."""
    return msgspec.defstruct(
        event.__name__,
        [_shaped(each, Any if each.name in hidden else hints[each.name]) for each in fields(event)],
        kw_only=True,
        gc=False,
    )


def _shaped(described: Field[Any], hint: Any) -> tuple[Any, ...]:
    """A field of the stored shape; missing in an older payload, it takes the event's default."""
    hint = _aware(hint)
    if described.default_factory is not MISSING:
        factory: Callable[[], Any] = described.default_factory
        return (described.name, hint, msgspec.field(default_factory=factory))
    if described.default is not MISSING:
        return (described.name, hint, msgspec.field(default=described.default))
    return (described.name, hint)


def _aware(hint: Any) -> Any:
    """The same type, with every moment in it bound to a zone."""
    if hint is datetime:
        return _Utc
    arguments = get_args(hint)
    if not arguments:
        return hint
    replaced = tuple(_aware(argument) for argument in arguments)
    origin = get_origin(hint)
    if origin in (types.UnionType, Union):
        return Union[replaced]  # noqa: UP007 - the members are known only here
    return hint if replaced == arguments else origin[replaced]


def _plain(hint: Any) -> Any:
    """What a sealed field is when it is neither erased nor absent."""
    left = tuple(each for each in get_args(hint) if each not in (Erased, types.NoneType))
    if get_origin(hint) not in (types.UnionType, Union) or not left:
        return _aware(hint)
    return _aware(Union[left])  # noqa: UP007 - the members are known only here


def _allows_none(hint: Any) -> bool:
    return types.NoneType in get_args(hint)
