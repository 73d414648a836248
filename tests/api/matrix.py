"""What the OpenAPI document says can be asked, filled in with ids: for walking every route."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.values.ids import kind_of

# Properties and parameters that name something without saying so in their name, by its kind.
NAMED: Final = {
    "before": "task",
    "after": "task",
    "reply_to": "cmt",
    "mentions": "user",
    "depends_on": "task",
    "task_ids": "task",
    "last_id": "task",
    "into": "lbl",
    "to": "user",
}
# The kind of what other names name; every name ends in `_id` or `_ids`.
KINDS: Final = {
    "task": "task", "parent_task": "task", "blocks_task": "task", "to_task": "task",
    "from_task": "task", "depends_on": "task", "project": "proj", "workspace": "ws",
    "user": "user", "assignee": "user", "creator": "user", "owner": "user", "actor": "user",
    "watcher": "user", "to_user": "user", "team": "team", "comment": "cmt", "label": "lbl",
    "invitation": "inv", "notification": "ntf", "template": "tmpl", "view": "view",
    "from_project": "proj", "identity": "idn", "erasure": "ers", "hold": "hold",
}  # fmt: skip
# A body for a call whose schema does not give one that it takes; paths as the document has them.
BODIES: Final[dict[tuple[str, str], Any]] = {
    ("PUT", "/api/v1/projects/{project_id}/workflow"): {
        "initial": "a",
        "statuses": [{"key": "a", "name": "A", "category": "todo"}],
        "transitions": [],
    },
    ("POST", "/api/v1/tasks/{task_id}/dependencies"): {"to_task_id": "x"},
}


@dataclass
class Operation:
    """One call: `schema` is of its body, `filters` the names of its query parameters."""

    method: str
    path: str
    in_path: list[str]
    filters: list[str]
    schema: Mapping[str, Any]
    schemas: Mapping[str, Any] = field(repr=False)
    is_public: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, ids: Mapping[str, str]) -> str:
        """The path, filled in, as the client takes it."""
        path = self.path.removeprefix("/api/v1")
        for name in self.in_path:
            path = path.replace(f"{{{name}}}", ids[name])
        return path

    def body(self, ids: Mapping[str, str]) -> Any:
        """One that the schema allows, None where the call takes none."""
        if not self.schema:
            return None
        given = BODIES.get((self.method, self.path))
        return self._made(self.schema, "", ids) if given is None else given

    def named_in_body(self) -> Iterator[tuple[str, str, bool]]:
        """Properties that name something: name, kind, and whether it takes several."""
        for name, schema in self._whole(self.schema).get("properties", {}).items():
            kind = named_kind(name)
            if kind is not None:
                yield name, kind, self._is_list(schema)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every property that a body may have."""
        return tuple(self._whole(self.schema).get("properties", ())) if self.schema else ()

    def takes_objects(self, field: str) -> bool:
        """Whether an object may stand in this property."""
        schema = self._whole(self.schema)["properties"][field]
        ways = [self._whole(each) for each in schema.get("anyOf", [schema])]
        return any("type" not in each or each["type"] == "object" for each in ways)

    @property
    def alone(self) -> bool:
        """Whether a batch does not take it."""
        return self.is_public or self.path.startswith(("/api/v1/auth/", "/api/v1/batch"))

    def _is_list(self, schema: Mapping[str, Any]) -> bool:
        ways = schema.get("anyOf", [schema])
        return any(self._whole(each).get("type") == "array" for each in ways)

    @property
    def required(self) -> frozenset[str]:
        """The properties without which there is no body."""
        return frozenset(self._whole(self.schema).get("required", ()))

    def _whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self._whole(self.schemas[name]) if name else schema

    def _made(self, schema: Mapping[str, Any], name: str, ids: Mapping[str, str]) -> Any:
        schema = self._whole(schema)
        if "properties" in schema:
            example = {
                each: value
                for each, value in (schema.get("examples") or [{}])[0].items()
                if named_kind(each) is None  # the example's ids are nobody's
            }
            required = {
                each: self._made(schema["properties"][each], each, ids)
                for each in schema.get("required", ())
                if each not in example
            }
            if not example and not required:
                first = next(iter(schema["properties"]))
                required = {first: self._made(schema["properties"][first], first, ids)}
            return {**example, **required}
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        if "anyOf" in schema:
            return self._made(schema["anyOf"][0], name, ids)
        if named_kind(name) is not None and schema.get("type") == "string":
            return ids.get(name, "x")
        match schema.get("type"):
            case "array":
                return [self._made(schema.get("items", {}), name, ids)]
            case "boolean":
                return True
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "object":
                return {}
            case _:
                return "x" * max(1, schema.get("minLength", 1))


def operations(document: Mapping[str, Any], *, public: bool = False) -> Iterator[Operation]:
    """Every call that asks for a token, and the others too where `public` says so."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            is_public = described.get("security") == []
            if is_public and not public:
                continue
            parameters = described.get("parameters", ())
            content = described.get("requestBody", {}).get("content", {})
            yield Operation(
                method=method.upper(),
                path=path,
                in_path=[each["name"] for each in parameters if each["in"] == "path"],
                filters=[each["name"] for each in parameters if each["in"] == "query"],
                schema=content.get("application/json", {}).get("schema", {}),
                schemas=schemas,
                is_public=is_public,
            )


def named_kind(name: str) -> str | None:
    """The kind of what a property or parameter of this name names; None: nothing, or unknown."""
    stem = name.removesuffix("_ids").removesuffix("_id")
    return NAMED.get(name) or (KINDS.get(stem) if stem != name else None)


def like(theirs: str, fresh: str) -> str:
    """Something of the same form that never was: an id, a key, or another name."""
    kind = kind_of(theirs)
    if kind is not None:
        return f"{kind}_{fresh.partition('_')[2]}"
    head, dash, number = theirs.partition("-")
    return "NEVER" + dash + number if head.isupper() else f"never-{fresh[-8:]}"
