"""Writes attributes as XES has them: the inverse of `infra.imports.xes_values`."""

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from commands.imports.event_log import Value

# What XML 1.0 cannot hold in any way.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_COMPOSITE: Final = ("list", "container")


def attributes(given: Mapping[str, Value]) -> str:
    """One element for each attribute, in order."""
    return "".join(attribute(key, value) for key, value in given.items())


def attribute(key: str, value: Value) -> str:
    """The element of one attribute, or of each where its key is repeated."""
    if isinstance(value, str):  # nearly all are
        return f"<string key={_quoted(key)} value={_quoted(value)}/>"
    inner = ""
    if isinstance(value, dict):
        if "repeated" in value:
            return "".join(attribute(key, each) for each in value["repeated"])
        if "attributes" in value:
            inner = attributes(value["attributes"])
            value = value["value"]
    if isinstance(value, dict):
        ((kind, said),) = value.items()
        if kind in _COMPOSITE:
            return _composite(kind, key, said, inner)
    else:
        kind, said = _plain(value)
    head = f"<{kind} key={_quoted(key)} value={_quoted(str(said))}"
    return f"{head}>{inner}</{kind}>" if inner else f"{head}/>"


def _composite(kind: str, key: str, pairs: Any, own: str) -> str:
    items = "".join(attribute(each, value) for each, value in pairs)
    if kind == "list" or own:
        # A container with attributes of its own was read from one with both.
        items = f"<values>{items}</values>"
    return f"<{kind} key={_quoted(key)}>{own}{items}</{kind}>"


def _plain(value: str | float | bool) -> tuple[str, str]:
    match value:
        case bool():
            return "boolean", "true" if value else "false"
        case int():
            return "int", str(value)
        case float():
            return "float", repr(value)
        case _:
            return "string", value


def _quoted(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))
