"""What titles are ordered by."""

import unicodedata

from domain.values.text import Text, shown


def title_key(title: Text) -> str:
    """What titles are ordered by: without case, letters before their accents."""
    text = shown(title)
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).casefold()[:500]
