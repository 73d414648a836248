"""Filters of lists of tasks inside of a body: what they say in a query string, they say there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from api.http.paging import PageQuery
from api.http.queries import read_query
from api.routes.task_listing import TaskInWorkspaceQuery
from domain.errors import Invalid, Problem, pointer_token

OF_PAGES: Final = frozenset(PageQuery.model_fields) | {
    "sort", "sort_by", "sort_order", "sort_by_priority",
}  # fmt: skip
FILTERS: Final = sorted(set(TaskInWorkspaceQuery.model_fields) - OF_PAGES)


def filters_of(
    given: Mapping[str, Any], place: str, why_no_pages: str
) -> Mapping[str, Sequence[str]]:
    """A value or a list of values each, as texts by parameter. Raises Invalid inside of `place`,
    the pointer of the whole, and for pages and orders, which have no place there."""
    problems = [
        Problem(f"{place}/{pointer_token(name)}", "unknown", why_no_pages)
        for name in given
        if name in OF_PAGES
    ]
    found: dict[str, list[str]] = {}
    for name, value in _flat(given):
        values = value if isinstance(value, list) else [value]
        if any(not isinstance(each, str | int | float) for each in values):
            at = f"{place}/{pointer_token(name)}"
            problems.append(Problem(at, "invalid", "Must be a value or a list of values."))
        found.setdefault(name, []).extend(_as_text(each) for each in values)
    if problems:
        raise Invalid(*problems)
    return found


def list_query(parameters: Mapping[str, Sequence[str]]) -> TaskInWorkspaceQuery:
    """The query of a list with these parameters. Raises Invalid as a query string would."""
    pairs = [(name, value) for name, values in parameters.items() for value in values]
    return read_query(TaskInWorkspaceQuery, urlencode(pairs).encode())


def inside(place: str, wrong: Invalid) -> Invalid:
    """What is wrong with a query, at its places inside of a body."""
    return Invalid(
        *(
            Problem(
                place + each.pointer.removeprefix("/query").removeprefix(place),
                each.code,
                each.detail,
            )
            for each in wrong.problems
        )
    )


def _flat(given: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in given.items():
        if name == "fields" and isinstance(value, dict):
            yield from ((f"fields[{key}]", each) for key, each in value.items())
        else:
            yield name, value


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
