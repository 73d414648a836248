"""Text written by people, which a person's erasure can make unreadable for ever."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Erased:
    """Stands where a text stood whose key has been destroyed."""


ERASED = Erased()

Text = str | Erased


def shown(text: Text | None, instead: str = "") -> str:
    """The text as a person may read it; `instead` where it was erased or never written."""
    return text if isinstance(text, str) else instead


def readable(text: Text | None) -> str | None:
    """The text as an answer shows it: None where it was erased or never written."""
    return text if isinstance(text, str) else None
