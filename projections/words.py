"""Words to find a task by: taken out of texts when they are stored and out of questions alike."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_MOST_CHARACTERS = 64
_MOST_REMEMBERED_CHARACTERS = 2_000

# What is no part of a word in plain text becomes a space, and letters small ones, byte by byte: ten
# times as quick as the expression.
_SPACED = bytes(
    ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else ord(" ")
    for code in range(256)
)

# PostgreSQL takes 1 MiB of terms for a row. Compatible forms may be many times as long as what
# was written; plain text of the allowed length is never cut.
_MOST_FOLDED_CHARACTERS = 200_000


def words(text: str) -> Sequence[str]:
    """The words of a text in their order: without case, in compatible form, cut at 64
    characters. Several views ask for those of the same text: of texts as people write them, the
    latest are remembered."""
    return _remembered(text) if len(text) <= _MOST_REMEMBERED_CHARACTERS else _taken_out(text)


def forget_words() -> None:
    """Somebody was erased whose words may be among those remembered."""
    _remembered.cache_clear()


@lru_cache(maxsize=2_048)
def _remembered(text: str) -> Sequence[str]:
    return _taken_out(text)


def _taken_out(text: str) -> Sequence[str]:
    if text.isascii():
        found = text.encode("ascii").translate(_SPACED).decode("ascii").split()
        if len(text) <= _MOST_CHARACTERS:
            return found
    else:
        found = _WORD.findall(folded(text))
    if max(map(len, found), default=0) > _MOST_CHARACTERS:
        return [word[:_MOST_CHARACTERS] for word in found]
    return found


def folded(text: str) -> str:
    """A text without case, in compatible form, as words are taken out of it."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return plain[:_MOST_FOLDED_CHARACTERS]


def is_wordless(q: str) -> bool:
    """Whether a text asks for something (it is not blank) that no task can have."""
    return bool(q.strip()) and not words(q)
