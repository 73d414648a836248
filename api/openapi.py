"""The OpenAPI 3.1 document: FastAPI's, with the answers and rules that every route shares."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.problems import RETRY_AFTER, TABLE, type_of
from api.http.route import DirectRoute
from api.links import add_links
from domain.errors import Kind

_DESCRIPTION: Final = """
A task and project management API whose every change is an event that is kept.

**Identity.** Every resource carries `id`. Where a task or project id is taken, its key
(`WEB-42`, `WEB`) is too. What you may not see answers exactly as what does not exist.

**Once.** Send `Idempotency-Key` with a POST, PATCH, PUT or DELETE: a retry with the same key and
body gives the first answer, marked `Idempotency-Replayed: true`.

**Versions.** An answer's `ETag` goes into `If-Match`; a stale one is refused with 412.

**Your own writes.** Every write answers with `X-Log-Position`; a read with `X-Min-Log-Position`
(or `?min_position=`) waits until its view shows it.

**Errors** are RFC 9457 problems with a stable `code`; 422 lists every field under `errors`.
"""

_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457 problem details. Some codes add members of their own.",
    "type": "object",
    "required": ["type", "title", "status", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "enum": [str(code) for code in TABLE]},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, into the body."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

_SCHEMA: Final = "#/components/schemas/{name}"
_SECURITY: Final[dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of `POST /api/v1/auth/login`, or an API key.",
    }
}
_COMMON_HEADERS: Final[dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The request's id: yours where you sent one.",
        "schema": {"type": "string"},
    },
}
_RATE_HEADERS: Final[dict[str, Any]] = {
    "RateLimit": {"description": "What is left of the budget.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The budget.", "schema": {"type": "string"}},
}


def document(app: FastAPI) -> dict[str, Any]:
    """Build it once; FastAPI keeps it."""
    if app.openapi_schema is None:
        built = get_openapi(
            title="Taskledger",
            version=app.version,
            description=_DESCRIPTION,
            routes=app.routes,
            tags=app.openapi_tags,
            openapi_version="3.1.0",
        )
        _complete(built, list(_described(app)))
        add_links(built)
        app.openapi_schema = built
    return app.openapi_schema


def _described(app: FastAPI) -> Iterator[DirectRoute]:
    for route in app.routes:
        if isinstance(route, DirectRoute) and route.include_in_schema:
            yield route


def _complete(built: dict[str, Any], routes: Sequence[DirectRoute]) -> None:
    components = built.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    types = list(
        {answer for route in routes for some in _answers(route).values() for answer in some}
    )
    references, answers = msgspec.json.schema_components(types, ref_template=_SCHEMA)
    schemas |= answers
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = _SECURITY
    components["responses"] = {}
    built["security"] = [{"bearer": []}]
    reference_of = dict(zip(types, references, strict=True))
    for route in routes:
        for method in route.methods or ():
            operation = built["paths"][route.path_format][method.lower()]
            _complete_operation(operation, route, components["responses"])
            for status, some in _answers(route).items():
                shapes = [reference_of[answer] for answer in some]
                operation["responses"][str(status)]["content"] = {
                    "application/json": {"schema": {"anyOf": shapes} if shapes[1:] else shapes[0]}
                }


def _answers(route: DirectRoute) -> dict[int, Sequence[type[msgspec.Struct]]]:
    """What it answers where it succeeds, by status: one of these."""
    if route.answer_type is None:
        return {}
    usual = [route.answer_type] if route.otherwise is None else [route.answer_type, route.otherwise]
    return {route.status_code or 200: usual, **{code: [also] for code, also in route.also.items()}}


def _complete_operation(
    operation: dict[str, Any], route: DirectRoute, shared: dict[str, Any]
) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    for response in responses.values():
        response["headers"] = {**_COMMON_HEADERS, **response.get("headers", {})}
        response.pop("content", None)
    by_status: dict[int, list[str]] = {}
    if route.scope is not None:
        operation["x-scope"] = route.scope
    if route.body_may_be_left_out:
        operation["requestBody"]["required"] = False
    # Whoever comes with an API key may be refused anywhere.
    for code in dict.fromkeys((*route.problems, *(() if route.is_public else (Kind.FORBIDDEN,)))):
        by_status.setdefault(TABLE[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        name = _response_name(status, codes)
        shared.setdefault(name, _problem_response(status, codes))
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}


def _response_name(status: int, codes: list[str]) -> str:
    words = "_".join(sorted(codes)).replace("-", "")
    return f"Problem{status}_{words}" if len(codes) > 1 else f"Problem{status}_{codes[0]}"


def _problem_response(status: int, codes: list[str]) -> Mapping[str, Any]:
    headers = dict(_COMMON_HEADERS)
    if any(code in RETRY_AFTER for code in codes):
        headers["Retry-After"] = {"description": "Seconds.", "schema": {"type": "integer"}}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"description": "Bearer.", "schema": {"type": "string"}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers |= _RATE_HEADERS
    code = codes[0]
    return {
        "description": "; ".join(f"`{each}`: {TABLE[each][1]}" for each in codes),
        "headers": headers,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                    "type": type_of(code),
                    "title": TABLE[code][1],
                    "status": status,
                    "instance": "/api/v1/tasks",
                    "code": code,
                    "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                },
            }
        },
    }
