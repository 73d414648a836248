"""Ids: TypeID text (kind, underscore, 26 characters of base32), which are also stream names.

The form is that of https://github.com/jetify-com/typeid/tree/main/spec (v0.3).
"""

import hashlib
import re
from functools import lru_cache
from typing import Final

from typeid.codecs import base32

from domain.errors import invalid

SYSTEM_WORKSPACE: Final = "system"
SYSTEM_ACTOR: Final = "system"

KINDS: Final = frozenset(
    {
        "user", "ws", "proj", "task", "cmt", "dep", "act", "ntf", "rule", "key", "att", "view",
        "hook", "job", "col", "fld", "rct", "lbl", "labels", "watch", "favs",
        "team", "graph", "rec", "inv", "tmpl", "inbox", "prefs", "due", "idn", "exp", "note",
        "ledger", "custody", "ers", "hold", "reviews", "kept",
    }
)  # fmt: skip

_FORM = re.compile(r"([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)


# A request asks several times about the same few people, projects and workspaces.
@lru_cache(maxsize=8_192)
def kind_of(text: str) -> str | None:
    """The kind of a well-formed id, else None."""
    match = _FORM.fullmatch(text)
    return match[1] if match is not None and match[1] in KINDS else None


def is_id(text: str, kind: str) -> bool:
    """Whether this is a well-formed id of this kind; says nothing about what exists."""
    return kind_of(text) == kind


def graph_of(workspace_id: str) -> str:
    """The stream of a workspace's dependencies: it is known without being looked up."""
    return f"graph_{workspace_id.partition('_')[2]}"


def checked_id(text: str, kind: str, pointer: str) -> str:
    """An id that a client made itself: `text`, or Invalid at `pointer`."""
    if not is_id(text, kind):
        raise invalid(pointer, f"Must be an id of the form {kind}_ and 26 characters (TypeID).")
    return text


def between(kind: str, *others: str) -> str:
    """The id of the one thing of this kind that belongs to these others together.

    A UUIDv8 (RFC 9562) cut from a SHA-256 over them: anybody can make it, nobody has to be asked.
    """
    raw = int.from_bytes(hashlib.sha256("\n".join((kind, *others)).encode()).digest()[:16])
    value = raw & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return f"{kind}_{base32.encode(value.to_bytes(16))}"


def beside(kind: str, other: str) -> str:
    """The id of the one thing of this kind that belongs to another: the same digits."""
    return f"{kind}_{other.partition('_')[2]}"
