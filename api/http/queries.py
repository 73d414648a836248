"""Query parameters into a model: each known by name, lists by repeating or by comma."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, TypeVar, get_origin
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.http.positions import MOST_POSITION
from api.http.validation import problems_of
from domain.errors import Invalid, Problem, invalid

_MOST: Final = 100
_PREFIX: Final = "/query"
_EMPTY: Final = "It names nothing, and would let everything in; leave it out where that is meant."


class Query(BaseModel):
    """A request's query string. Unknown parameters are refused and named, but those that
    `open_names` matches: they are kept as they come, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open_names: ClassVar[re.Pattern[str] | None] = None

    # Slots, as in `api.http.bodies`.
    __slots__ = ("_opened",)
    if TYPE_CHECKING:
        _opened: Mapping[str, Sequence[str]]

    @property
    def opened(self) -> Mapping[str, Sequence[str]]:
        """The parameters whose names are not known beforehand, with all their values."""
        return self._opened


class ReadQuery(Query):
    """Parameters of every read of a view."""

    min_position: Annotated[
        int | None,
        Field(
            ge=0, le=MOST_POSITION, description="Wait up to 2 s until the view shows at least this."
        ),
    ] = None


DefaultWorkspace = Annotated[
    str | None, Field(max_length=100, description="Your default workspace where left out.")
]
AnyWorkspace = Annotated[
    str | None, Field(max_length=100, description="Default: every workspace that you are in.")
]

Q = TypeVar("Q", bound=Query)


def read_query(model: type[Q], query_string: bytes) -> Q:
    """The validated parameters. Raises Invalid with pointers such as `/query/limit`."""
    if not query_string:
        empty: Q = _empty(model)
        return empty
    lists = _lists(model)
    values: dict[str, Any] = {}
    opened: dict[str, list[str]] = {}
    pairs = query_string.split(b"&")
    if len(pairs) > _MOST:
        raise invalid(_PREFIX, f"A query has at most {_MOST} parameters.", "too-long")
    for pair in pairs:
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _text(raw_name), _text(raw_value)
        if model.open_names is not None and model.open_names.fullmatch(name):
            opened.setdefault(name, []).extend(part for part in value.split(",") if part)
        elif name in lists:
            values.setdefault(name, []).extend(part for part in value.split(",") if part)
        elif name in values:
            raise invalid(f"{_PREFIX}/{name}", f"{name} takes one value.", "repeated")
        else:
            values[name] = value
    unnamed = [name for name in lists.intersection(values) if not values[name]]
    if unnamed:
        raise Invalid(*(Problem(f"{_PREFIX}/{name}", "empty", _EMPTY) for name in unnamed))
    return _validated(model, values, opened)


def _validated(model: type[Q], values: Mapping[str, Any], opened: Mapping[str, Any]) -> Q:
    try:
        query = model.model_validate(values)
    except ValidationError as error:
        raise problems_of(error, _PREFIX) from None
    object.__setattr__(query, "_opened", opened)
    return query


def _text(raw: bytes) -> str:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise invalid(_PREFIX, "The query is not UTF-8.", "malformed") from None
    if "\x00" in text:
        raise invalid(_PREFIX, "A parameter cannot hold the character NUL.", "malformed")
    return text


@cache
def _lists(model: type[Query]) -> frozenset[str]:
    """Names of the parameters that take several values."""
    return frozenset(
        field.alias or name
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is tuple
    )


@cache
def _empty(model: type[Q]) -> Q:
    """What no parameters at all mean; refused where one is required."""
    return _validated(model, {}, {})
