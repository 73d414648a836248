"""What a route's description says beyond its signature: answers, headers, and how it may refuse."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from api.http.problems import BODY_TOO_LARGE, INTERNAL, TABLE, UNSUPPORTED_MEDIA_TYPE
from domain.errors import Kind

# Entries of a route's `openapi_extra` that are for us: its answer's type, and how it may refuse.
ANSWER: Final = "x-answer"
ALSO: Final = "x-also"
OR: Final = "x-or"
PROBLEMS: Final = "x-problems"
KEPT: Final = "x-kept"

ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a retry safe: the same key and body give the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that the change is based on; a stale one is refused with 412.",
    "schema": {"type": "string"},
    "example": '"3-0f1e2d3c4b5a"',
}
IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "description": "An ETag that the client holds already; 304 where nothing differs.",
    "schema": {"type": "string"},
    "example": '"3-0f1e2d3c4b5a"',
}
MIN_POSITION: Final = {
    "name": "X-Min-Log-Position",
    "in": "header",
    "description": "Wait up to 2 s until the view shows at least this position.",
    "schema": {"type": "integer", "minimum": 0},
}


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


POSITION_HEADERS: Final = {
    "X-Log-Position": _header("What the answer shows, or where the change stands.", "integer"),
    "X-Log-Id": _header("Which log the positions are of."),
}
STALE_HEADER: Final = {
    "X-Stale-Streams": _header("Parked streams that the answer is without, by comma.")
}
ETAG_HEADER: Final = {"ETag": _header("The version and a tag of the whole body.")}
WEAK_ETAG_HEADER: Final = {"ETag": _header("A weak tag of what the answer says.")}
REPLAYED_HEADER: Final = {"Idempotency-Replayed": _header("`true` where it is the first answer.")}
LINK_HEADER: Final = {"Link": _header("`rel=next`, where there is more.")}
BACKEND_HEADER: Final = {"X-Search-Backend": _header("Which index was asked.")}
LOCATION_HEADER: Final = {"Location": _header("Where the new resource is.")}

_ONCE_PROBLEMS: Final = (Kind.IDEMPOTENCY_KEY_REUSED, Kind.IDEMPOTENCY_IN_PROGRESS)
_ANYWHERE: Final = (INTERNAL, Kind.DEPENDENCY_DOWN, Kind.OVERLOADED)


def read(
    answer: type[Struct] | None,
    *,
    is_list: bool = False,
    is_one: bool = False,
    is_drawn: bool = False,
    has_path: bool = True,
    is_view: bool = True,
    may: Sequence[str] = (),
    beside: Sequence[Mapping[str, Any]] = (),
    shows: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Options of a route that reads. `is_one`: a fresh single resource with an ETag; `is_drawn`: a
    board or a part of one, which has a weak one as lists have; `beside`: parameters that its query
    takes without having them as fields; `shows`: further headers of its answer."""
    parameters: list[Mapping[str, Any]] = [*beside]
    headers: dict[str, Any] = dict(shows or {})
    problems: list[str] = [Kind.UNAUTHENTICATED, Kind.VALIDATION_FAILED, Kind.RATE_LIMITED, *may]
    responses: dict[int | str, dict[str, Any]] = {}
    if is_view:
        parameters.append(MIN_POSITION)
        headers |= POSITION_HEADERS
        headers |= STALE_HEADER
        problems.append(Kind.VIEW_BEHIND)
    if is_list:
        headers |= LINK_HEADER
    if is_one or is_list or is_drawn:
        parameters.append(IF_NONE_MATCH)
        headers |= ETAG_HEADER if is_one else WEAK_ETAG_HEADER
        responses[304] = {"description": "The client holds it already."}
    if has_path:
        problems += (Kind.NOT_FOUND, Kind.KEY_AMBIGUOUS)
    responses[200] = {"description": "It is so.", "headers": headers}
    return _options(200, answer, responses, parameters, problems)


def write(
    answer: type[Struct] | None,
    *,
    status: int = 200,
    conditional: bool = False,
    has_body: bool = True,
    has_path: bool = True,
    may: Sequence[str] = (),
    also: Mapping[int, type[Struct]] | None = None,
    otherwise: type[Struct] | None = None,
) -> dict[str, Any]:
    """Options of a route that changes something. `conditional`: it takes If-Match. `also`: other
    statuses of success, with their answers. `otherwise`: what it may answer in the place of
    `answer`, with the same status."""
    headers = {**POSITION_HEADERS, **REPLAYED_HEADER}
    parameters: list[Mapping[str, Any]] = [ONCE]
    problems: list[str] = [
        Kind.UNAUTHENTICATED,
        Kind.FORBIDDEN,
        Kind.VALIDATION_FAILED,
        *_ONCE_PROBLEMS,
        Kind.CONFLICT,
        Kind.RATE_LIMITED,
        *may,
    ]
    if conditional:
        parameters.append(IF_MATCH)
        problems.append(Kind.VERSION_STALE)
    if has_body:
        problems += (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
    if has_path:
        problems += (Kind.NOT_FOUND, Kind.KEY_AMBIGUOUS)
    if status == 201:
        headers |= LOCATION_HEADER
    if answer is not None:
        headers |= ETAG_HEADER
    done = {"description": "Done.", "headers": headers}
    responses = dict.fromkeys((status, *(also or ())), done)
    options = _options(status, answer, responses, parameters, problems)
    options["openapi_extra"][ALSO] = dict(also or {})
    options["openapi_extra"][OR] = otherwise
    return options


def own(
    answer: type[Struct] | None,
    *,
    status: int = 200,
    has_body: bool = True,
    has_path: bool = False,
    may: Sequence[str] = (),
) -> dict[str, Any]:
    """Options of a route by which somebody changes how they log in. It is no command: its first
    answer is kept beside the log."""
    problems: list[str] = [
        Kind.UNAUTHENTICATED,
        Kind.FORBIDDEN,
        Kind.VALIDATION_FAILED,
        Kind.CONFLICT,
        Kind.RATE_LIMITED,
        *may,
    ]
    if has_body:
        problems += (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
    if has_path:
        problems.append(Kind.NOT_FOUND)
    done = {"description": "Done.", "headers": REPLAYED_HEADER}
    options = _options(status, answer, {status: done}, (ONCE,), [*problems, *_ONCE_PROBLEMS])
    options["openapi_extra"][KEPT] = True
    return options


def public(
    answer: type[Struct] | None,
    *,
    status: int = 200,
    may: Sequence[str] = (),
    headers: Mapping[str, Any] | None = None,
    parameters: Sequence[Mapping[str, Any]] = (),
    kept: bool = False,
    **extra: Any,
) -> dict[str, Any]:
    """Options of a route that answers without a token. `kept`: it changes something without being
    a command, and its first answer is kept beside the log."""
    headers = dict(headers or {})
    if kept:
        headers |= REPLAYED_HEADER
        parameters, may = (*parameters, ONCE), (*may, *_ONCE_PROBLEMS)
    done = {"description": "Done.", "headers": headers}
    options = _options(status, answer, {status: done}, parameters, may)
    options["openapi_extra"] |= {"security": [], KEPT: kept, **extra}
    return options


def _options(
    status: int,
    answer: type[Struct] | None,
    responses: Mapping[int | str, Mapping[str, Any]],
    parameters: Sequence[Mapping[str, Any]],
    problems: Sequence[str],
) -> dict[str, Any]:
    known = [str(code) for code in dict.fromkeys([*problems, *_ANYWHERE])]
    assert all(code in TABLE for code in known)
    extra: dict[str, Any] = {ANSWER: answer, PROBLEMS: known}
    if parameters:
        extra["parameters"] = list(parameters)
    return {"status_code": status, "responses": dict(responses), "openapi_extra": extra}
