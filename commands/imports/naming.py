"""Keys made out of the names that a file uses."""

import re
import unicodedata
from collections.abc import Container

_MAX_CHARACTERS = 40
_PROJECT_KEY_CHARACTERS = (2, 10)


def slug(name: str, taken: Container[str], instead: str) -> str:
    """A key of `a-z0-9_` that begins with a letter and is not taken; `instead` where the name
    has nothing to make one of."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not base or not base[0].isalpha():
        base = f"{instead}_{base}" if base else instead
    base = base[:_MAX_CHARACTERS].rstrip("_")
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key


def project_key(file_name: str) -> str:
    """A project's key out of a file's name: its first letters and digits, in capitals."""
    plain = unicodedata.normalize("NFKD", file_name.partition(".")[0]).encode("ascii", "ignore")
    letters = re.sub(r"[^A-Z0-9]", "", plain.decode().upper()).lstrip("0123456789")
    least, most = _PROJECT_KEY_CHARACTERS
    return letters[:most] if len(letters) >= least else f"LOG{letters}"
