"""Keys made out of the names that a file uses."""

import re
import unicodedata
from collections.abc import Container

_MAX_CHARACTERS = 60
_PROJECT_KEY_MIN, _PROJECT_KEY_MAX = 2, 10


def status_key(name: str, taken: Container[str]) -> str:
    """Small letters, digits and underscores; not one of those taken."""
    return _free(re.sub(r"[\W_]+", "_", _plain(name).casefold()).strip("_"), taken, "status")


def field_key(name: str, taken: Container[str]) -> str:
    """The name itself wherever it can be a key; not one of those taken."""
    return _free(re.sub(r"[^\w:. -]", "_", _plain(name)).strip(":. -"), taken, "field")


def project_key(file_name: str) -> str:
    """Out of a file's name: its first letters and digits, in capitals."""
    plain = unicodedata.normalize("NFKD", file_name.partition(".")[0]).encode("ascii", "ignore")
    letters = re.sub(r"[^A-Z0-9]", "", plain.decode().upper()).lstrip("0123456789")
    return letters[:_PROJECT_KEY_MAX] if len(letters) >= _PROJECT_KEY_MIN else f"LOG{letters}"


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip()


def _free(base: str, taken: Container[str], instead: str) -> str:
    base = base[:_MAX_CHARACTERS] or instead
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key
