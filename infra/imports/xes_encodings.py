"""In which encodings a document may be written, by the name that it declares itself."""

import codecs
import re
from typing import Final

UTF_8: Final = "utf-8"

# What the parser reads by itself.
_BUILT_IN: Final = frozenset({"utf-8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "us-ascii"})
_DECLARED: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']"""
)
_ASCII: Final = bytes(range(0x20, 0x7F))


def told(begins: bytes) -> str | None:
    """What the parser has to be told about a document that begins so: that `UTF8` and the like
    are UTF-8, which it does not know."""
    declared = _DECLARED.match(begins)
    if declared is None:
        return None
    return UTF_8 if _is_utf_8(declared[1].decode("ascii", "replace")) else None


def is_read(encoding: str) -> bool:
    """Whether it is one of the parser's own, or has one byte for each character, those of ASCII
    among them."""
    if encoding.lower() in _BUILT_IN or _is_utf_8(encoding):
        return True
    try:
        characters = bytes(range(0x80, 0x100)).decode(encoding, "replace")
        return len(characters) == 0x80 and _ASCII.decode(encoding) == _ASCII.decode("ascii")
    except (LookupError, ValueError):
        return False


def _is_utf_8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except (LookupError, ValueError):
        return False
