"""What counts as one emoji, and which two are the same.

The form is that of a possible emoji (Unicode Technical Standard #51, section 1.4.9), the
characters those of the blocks that hold emoji.
"""

import re
from typing import Final

from domain.errors import invalid

_BASE: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf"
    "\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934"
    "\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f004\U0001f0cf"
    "\U0001f170-\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
)
_SELECTOR: Final = "\ufe0f"
_MODIFIED: Final = "(?:[\U0001f3fb-\U0001f3ff]|\ufe0f|[\U000e0020-\U000e007e]+\U000e007f)?"
_REGION: Final = "[\U0001f1e6-\U0001f1ff]"
_EMOJI: Final = re.compile(
    f"{_REGION}{_REGION}|[0-9#*]\ufe0f?\u20e3"
    f"|(?!{_REGION}){_BASE}{_MODIFIED}(?:\u200d(?!{_REGION}){_BASE}{_MODIFIED})*"
)
_MOST_CODE_POINTS: Final = 32


def checked_emoji(text: str) -> str:
    """One emoji, or Invalid at `/emoji`."""
    if len(text) > _MOST_CODE_POINTS or _EMOJI.fullmatch(text) is None:
        raise invalid("/emoji", "Must be one emoji, such as \U0001f44d.", "unknown")
    return text


def same_emoji(text: str) -> str:
    """What two forms of an emoji have in common: they differ in how they ask to be drawn."""
    return text.replace(_SELECTOR, "")
