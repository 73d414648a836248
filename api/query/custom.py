"""Conditions of a query on custom fields of the projects that it names."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from api.http.call import Call
from api.query.asking import Asking
from api.query.field_query import (
    Definitions,
    NamedField,
    asked_of,
    definitions_of,
    known_field,
    sort_by_field,
)
from domain.errors import Invalid
from domain.project.fields import FieldDefinition
from domain.values.moment import is_day, written
from projections.custom_fields import FieldSort
from projections.intervals import CHOICES, EMPTY, FIELD, as_value, kept
from projections.query.conditions import All, FieldSays, Not, Some, Stood
from projections.query.errors import listed
from projections.query.syntax import Name, Nothing, Value
from projections.query.vocabulary import custom_key, no_such_field
from projections.task_questions import TaskFilter

_TEXTS: Final = ("text", "url")
_MEASURED: Final = ("number", "date")
# Behind whatever else goes on a date.
_LAST: Final = "\U0010ffff"
_DENIED: Final = {"!=": "=", "!~": "~"}


@dataclass(slots=True)
class CustomFields:
    """`project_ids`: the projects that the query, or the list, names."""

    call: Call
    asking: Asking
    project_ids: Sequence[str]
    _definitions: Definitions | None = field(default=None, init=False)

    async def compared(self, name: Name, operator: str, value: Value, column: int) -> Any:
        if operator in _DENIED:
            return Not(await self.compared(name, _DENIED[operator], value, column))
        key, definition = await self._known(name)
        allowed = ["=", "!="]
        allowed += ["<", "<=", ">", ">="] if definition.type in _MEASURED else []
        allowed += ["~", "!~"] if definition.type in _TEXTS else []
        if operator not in allowed:
            detail = f"{key} is a field of type {definition.type}: expected {listed(allowed)}."
            raise self.asking.wrong(column, detail)
        match operator:
            case "=":
                return await self.among(name, (value,))
            case "~":
                return FieldSays(key, self.asking.words(value, str.split))
            case ">=":
                return await self._filter(name, "_gte", (value,))
            case "<=":
                return await self._filter(name, "_lte", (value,))
            case _:
                beyond = await self._filter(name, "_lte" if operator == ">" else "_gte", (value,))
                return All((Not(beyond), Not(await self.empty(name))))

    async def among(self, name: Name, values: Sequence[Value]) -> TaskFilter:
        return await self._filter(name, "", values)

    async def empty(self, name: Name) -> TaskFilter:
        key, _ = await self._known(name)
        return await self._asked(key, "_empty", ("true",), name.column)

    async def kept_as(self, name: Name) -> str:
        """What the view of intervals calls the field."""
        key, definition = await self._known(name)
        return f"{CHOICES if definition.type == 'choices' else FIELD}{key}"

    async def stood(self, name: Name, values: Sequence[Value | Nothing]) -> tuple[Stood, Some]:
        """The values as intervals keep them, and what asks the same of today."""
        _, definition = await self._known(name)
        given = [value for value in values if isinstance(value, Value)]
        stood, present = Stood(), []
        if given:
            among = await self.among(name, given)
            stood = _kept(definition.type, among.fields[0].one_of or ())
            present.append(among)
        if len(given) < len(values):
            stood = replace(stood, values=(*stood.values, EMPTY))
            present.append(await self.empty(name))
        return stood, Some(tuple(present))

    async def sort(self, name: Name) -> FieldSort:
        key, _ = await self._known(name)
        return sort_by_field(key, await self._all(name), self.asking.pointer)

    async def _filter(self, name: Name, operator: str, values: Sequence[Value]) -> TaskFilter:
        key, definition = await self._known(name)
        texts = await self._texts(definition, values)
        return await self._asked(key, operator, texts, values[0].column)

    async def _asked(
        self, key: str, operator: str, texts: Sequence[str], column: int
    ) -> TaskFilter:
        named = NamedField(self.asking.pointer, key, operator, texts)
        assert self._definitions is not None  # the field was found in them
        try:
            asked = asked_of(named, self._definitions, self.asking.caller)
        except Invalid as wrong:
            raise self.asking.wrong(column, _uncapitalised(wrong)) from None
        return TaskFilter(fields=(asked,))

    async def _texts(self, definition: FieldDefinition, values: Sequence[Value]) -> Sequence[str]:
        """The values as a filter of lists takes them."""
        match definition.type:
            case "user":
                return await self.asking.names.people(values)
            case "date":
                return [self._day_or_moment(value) for value in values]
            case _:
                return self.asking.texts(values)

    def _day_or_moment(self, value: Value) -> str:
        if is_day(value.text) and not value.called:
            return value.text
        return written(self.asking.span(value).first)

    async def _known(self, name: Name) -> tuple[str, FieldDefinition]:
        key, definitions = custom_key(name), await self._all(name)
        if key not in definitions:
            raise no_such_field(name, tuple(definitions), self.asking.pointer)
        try:
            return key, known_field(key, definitions, self.asking.pointer)
        except Invalid as wrong:
            raise self.asking.wrong(name.column, _uncapitalised(wrong)) from None

    async def _all(self, name: Name) -> Definitions:
        if self._definitions is None:
            if not self.project_ids:
                raise no_such_field(name, (), self.asking.pointer)
            try:
                self._definitions = await definitions_of(
                    self.call, self.project_ids, self.asking.pointer
                )
            except Invalid as wrong:
                raise self.asking.wrong(name.column, _uncapitalised(wrong)) from None
        return self._definitions


def _kept(kind: str, values: Sequence[str]) -> Stood:
    """Of a date any of its moments, of a text its beginning."""
    match kind:
        case "number":
            return Stood(values=tuple(as_value(float(each)) for each in values))
        case "date":
            return Stood(spans=tuple((each, f"{each}{_LAST}") for each in values))
        case _:
            return Stood(values=tuple(map(kept, values)))


def _uncapitalised(wrong: Invalid) -> str:
    return wrong.detail[:1].lower() + wrong.detail[1:]
