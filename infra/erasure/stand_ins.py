"""Events as they would be if another text stood in the place of each one that was erased."""

import types
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from domain.values.recorded import Origin, Recorded
from domain.values.text import Erased
from infra.event_store.event_types import EVENT_TYPES

TEXT: Final = "erasedtext"
# As an alias of an address is written.
_ADDRESS: Final = "0" * 32


def with_stand_ins(recorded: Recorded) -> Recorded:
    """The same, where nothing was erased of it."""
    event = _filled(recorded.event)
    origin = _from_elsewhere(recorded.origin)
    if event is recorded.event and origin is recorded.origin:
        return recorded
    return replace(recorded, event=event, origin=origin)


def _filled(event: Any) -> Any:
    chosen = {
        name: text
        for name, text in _stand_ins().get(type(event), ())
        if isinstance(getattr(event, name), Erased)
    }
    return replace(event, **chosen) if chosen else event


def _from_elsewhere(origin: Origin) -> Origin:
    if isinstance(origin.reason, Erased):
        origin = replace(origin, reason=TEXT)
    if isinstance(origin.ip, Erased):
        origin = replace(origin, ip=_ADDRESS)
    return origin


@cache
def _stand_ins() -> Mapping[type, tuple[tuple[str, Any], ...]]:
    """Of each class of events the sealed fields, with what stands in for them."""
    found = {}
    for event_type in EVENT_TYPES:
        sealed = (*event_type.content, *event_type.identity)
        if sealed:
            hints = get_type_hints(event_type.event)
            found[event_type.event] = tuple((name, _value_of(hints[name])) for name in sealed)
    return found


def _value_of(hint: Any) -> Any:
    """Some value of a type that is text, or has text in it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        texts = [each for each in arguments if each not in (Erased, types.NoneType)]
        return TEXT if str in texts else _value_of(texts[0])
    if origin is tuple:
        return (_value_of(arguments[0]),)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {TEXT: _value_of(arguments[1])}
    return TEXT
