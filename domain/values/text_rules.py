"""What may be written where: lengths, characters, and the forms of names."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, ParamSpec, TypeVar

from domain.errors import Invalid, Problem, invalid
from domain.values.limits import Limits

# C0 and C1 controls and lone surrogates, which no store and no encoding takes; Markdown may
# have lines and tabs.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# The same, and what turns the letters after it around (Unicode Standard Annex 9).
_MISLEADING: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)

_USERNAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,40}", re.ASCII)
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)*")
_EMAIL_LENGTH: Final = 254  # RFC 5321, as corrected by erratum 1690 of RFC 3696
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}", re.ASCII)
_KEY: Final = re.compile(r"[A-Z][A-Z0-9]{1,9}", re.ASCII)


P = ParamSpec("P")
T = TypeVar("T")


class Problems:
    """Collects everything that is wrong with a request, so that it is said at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def check(self, otherwise: T, rule: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the rule gives; where it finds something wrong, that is kept, and `otherwise`
        stands in for the value until `raise_any`."""
        try:
            return rule(*args, **kwargs)
        except Invalid as found:
            self.add(found)
            return otherwise

    def add(self, found: Invalid) -> None:
        self._found.extend(found.problems)

    def raise_any(self) -> None:
        if self._found:
            raise Invalid(*self._found)


def one_line(text: str, pointer: str, most: int) -> str:
    """Text of one line, not blank, at most `most` characters, without control characters."""
    if text.isprintable() and not text.isspace() and 0 < len(text) <= most:
        return text  # as nearly all are
    if not text.strip():
        raise invalid(pointer, "Must not be blank.", "blank")
    return optional_line(text, pointer, most)


def not_misleading(text: str) -> str:
    """For where somebody's words stand among ours: nothing in it hides, commands a terminal or
    changes the order of what follows; a replacement character says that something would have."""
    return _MISLEADING.sub("\ufffd", text)


def optional_line(text: str, pointer: str, most: int) -> str:
    """As `one_line`, but may be empty."""
    if len(text) > most:
        raise invalid(pointer, f"Must be at most {most} characters.", "too-long")
    if _CONTROL.search(text):
        raise invalid(pointer, "Must not have control characters in it.", "characters")
    return text


def lines(text: str, pointer: str, most: int, most_bytes: int | None = None) -> str:
    """Text that may have lines and tabs, at most `most` characters."""
    if len(text) > most:
        raise invalid(pointer, f"Must be at most {most} characters.", "too-long")
    if not text.isprintable() and _CONTROL_BUT_LINES.search(text):
        raise invalid(
            pointer, "Must not have control characters in it but tabs and lines.", "characters"
        )
    if most_bytes is not None and len(text) * 4 > most_bytes and len(text.encode()) > most_bytes:
        raise invalid(pointer, f"Must be at most {most_bytes} bytes in UTF-8.", "too-long")
    return text


def checked_name(text: str, limits: Limits, pointer: str = "/name") -> str:
    return one_line(text, pointer, limits.name)


def checked_title(text: str, limits: Limits, pointer: str = "/title") -> str:
    return one_line(text, pointer, limits.title)


def checked_description(text: str, limits: Limits, pointer: str = "/description") -> str:
    return lines(text, pointer, limits.description, limits.description_bytes)


def checked_comment(text: str, limits: Limits, pointer: str = "/text") -> str:
    if not text.strip():
        raise invalid(pointer, "Must not be blank.", "blank")
    return lines(text, pointer, limits.comment)


def checked_tags(tags: Sequence[str], limits: Limits, pointer: str = "/tags") -> tuple[str, ...]:
    """Each once, in the order given."""
    for index, tag in enumerate(tags):
        one_line(tag, f"{pointer}/{index}", limits.tag)
    once = tuple(dict.fromkeys(tags))
    if len(once) > limits.tags:
        raise invalid(pointer, f"Must be at most {limits.tags} tags.", "too-many")
    return once


def normal_label(name: str) -> str:
    """What is unique about a label's name: whatever its case, its form and the space around it."""
    if name.isascii():
        return name.strip().lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def checked_username(text: str, pointer: str = "/username") -> str:
    if _USERNAME.fullmatch(text) is None:
        raise invalid(
            pointer, "Must be 3 to 40 of the letters a to z, digits, dot, underscore and hyphen."
        )
    return text


def normal_username(text: str) -> str:
    """What is unique about a username: whatever its case."""
    return text.lower()


def checked_email(text: str, pointer: str = "/email") -> str:
    """An address that could be one; whether it is, only a letter to it tells."""
    if (
        len(text) > _EMAIL_LENGTH
        or _EMAIL.fullmatch(text) is None
        or _CONTROL.search(text) is not None
    ):
        raise invalid(pointer, "Must be an e-mail address.")
    return text


def normal_email(text: str) -> str:
    """What is unique about an address: whatever its case and its Unicode form."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def checked_locale(text: str, pointer: str = "/locale") -> str:
    """The form of a language tag (RFC 5646), such as en or pt-BR."""
    if _LOCALE.fullmatch(text) is None:
        raise invalid(pointer, "Must be a language tag, such as en or pt-BR.")
    return text


def checked_project_key(text: str, pointer: str = "/key") -> str:
    if _KEY.fullmatch(text) is None:
        raise invalid(pointer, "Must be 2 to 10 of A to Z and 0 to 9, and begin with a letter.")
    return text


def made_project_key(name: str) -> str:
    """A key out of a name: initials of several words, else the first letters; at least two."""
    plain = unicodedata.normalize("NFKD", name).upper()
    words = re.findall(r"[A-Z0-9]+", re.sub(r"[^\w\s-]", "", plain, flags=re.ASCII))
    initials = "".join(word[0] for word in words).lstrip("0123456789")[:4]
    letters = "".join(words).lstrip("0123456789")[:3]
    fitting = (key for key in (initials, letters) if _KEY.fullmatch(key))
    return next(fitting, "PRJ")


def numbered_project_key(key: str, number: int) -> str:
    """Another key that looks like this one: WEB2, WEB3 ..."""
    suffix = str(number)
    return key[: 10 - len(suffix)] + suffix
