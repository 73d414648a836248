"""What is wrong with a query: where, what was expected there, and what may have been meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from domain.errors import Invalid, invalid


def wrong(pointer: str, column: int, detail: str, code: str = "invalid") -> Invalid:
    """Invalid at the query's place in the request, its detail beginning with the column."""
    return invalid(pointer, f"Column {column}: {detail}", code)


def suggestion(text: str, known: Iterable[str]) -> str:
    """` Did you mean "due"?` where something known looks like it, else nothing."""
    by_form = {each.lower(): each for each in known}
    close = get_close_matches(text.lower(), by_form, n=1, cutoff=0.6)
    return f' Did you mean "{by_form[close[0]]}"?' if close else ""


def listed(choices: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    *rest, final = choices
    return f"{', '.join(rest)} {last} {final}" if rest else final
