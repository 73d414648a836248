"""Links of the OpenAPI document: from what makes a thing to all that can be done with it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})


def add_links(built: dict[str, Any]) -> None:
    """Link each call that makes a thing with those whose path asks for its id; what else their
    path asks for is taken from the path of the call that made it."""
    operations = list(_operations(built["paths"]))
    asked = {path: frozenset(_PARAMETER.findall(path)) for path, _ in operations}
    named = frozenset().union(*asked.values())
    for path, operation in operations:
        made = operation["responses"].get("201")
        own = None if made is None else _own_id(built, made, named - asked[path])
        if own is None:
            continue
        made["links"] = {
            other["operationId"]: {
                "operationId": other["operationId"],
                "parameters": {
                    f"path.{each}": (
                        f"$response.body#/{own}" if each == own else f"$request.path.{each}"
                    )
                    for each in sorted(asked[target])
                },
            }
            for target, other in operations
            if own in asked[target] and asked[target] <= {own, *asked[path]}
        }


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in paths.items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation


def _own_id(built: Mapping[str, Any], made: Mapping[str, Any], named: frozenset[str]) -> str | None:
    """By which of the parameters `named` what an answer shows is asked for: the first it has."""
    schema = made.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    properties = built["components"]["schemas"].get(name, {}).get("properties", {})
    return next((each for each in properties if each in named), None)
