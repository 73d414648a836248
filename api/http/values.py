"""Kinds of values in request bodies that a plain type does not say."""

from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, WithJsonSchema

from domain.values.priority import NAMED_LEVELS


def _level_or_name(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a priority is a number from 1 to 10 or a name")
    return value


Priority = Annotated[
    int | str,
    PlainValidator(_level_or_name),
    WithJsonSchema(
        {
            "description": "A level, 1 the highest, or a name.",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 10},
                {"type": "string", "enum": list(NAMED_LEVELS)},
            ],
        }
    ),
]
# Lengths are the domain's to refuse (they are settings); the document tells the usual ones.
Title = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 500})]
Name = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 200})]
Description = Annotated[str, Field(json_schema_extra={"maxLength": 100_000})]
Reference = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 200})]
MAX_CODE: Final = 40
Code = Annotated[str, Field(max_length=MAX_CODE)]
Secret = Annotated[str, Field(max_length=1_000)]
NewPassword = Annotated[str, Field(json_schema_extra={"minLength": 8, "maxLength": 256})]
Email = Annotated[str, Field(json_schema_extra={"format": "email"})]
DayOrMoment = Annotated[
    str,
    Field(
        description="RFC 3339 with an offset, or `YYYY-MM-DD`: a whole day in your time zone.",
        examples=["2026-03-01T17:00:00Z", "2026-03-01"],
    ),
]
