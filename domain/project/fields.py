"""Custom fields: what a project keeps about its tasks beyond what every task has."""

from dataclasses import dataclass

FIELD_TYPES = ("text", "number", "date", "choice", "choices", "user", "checkbox", "url")

FieldValue = str | int | float | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    field_id: str
    key: str
    name: str
    type: str
    options: tuple[str, ...] = ()
