"""The types of a project's tasks: what kinds of things people there keep apart."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.errors import Invalid, Problem, invalid
from domain.project.workflow import COLOUR, KEY
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.text_rules import checked_name, one_line

_ICON_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskType:
    """`icon` is a name or a sign that clients understand among themselves."""

    key: str
    name: str
    colour: str | None = None
    icon: str | None = None


DEFAULT_TYPES: Final = (
    TaskType(key="task", name="Task"),
    TaskType(key="bug", name="Bug"),
    TaskType(key="story", name="Story"),
    TaskType(key="epic", name="Epic"),
)


def known_type(types: Sequence[TaskType], text: str, pointer: str = "/type") -> str:
    """The key of the type that is meant by its key or its exact name.

    Raises Invalid at `pointer` with the types that there are.
    """
    by_key = next((each for each in types if each.key == text), None)
    found = by_key or next((each for each in types if each.name == text), None)
    if found is not None:
        return found.key
    keys = ", ".join(each.key for each in types)
    raise invalid(pointer, f"There is no such type here; the types are: {keys}.", "unknown")


def checked_types(types: Sequence[TaskType], limits: Limits) -> tuple[TaskType, ...]:
    """The same types; Invalid with everything wrong in them."""
    if not 1 <= len(types) <= limits.types:
        raise invalid("/types", f"Must be 1 to {limits.types} types.", "too-many")
    problems = list(_wrong(types, limits))
    if problems:
        raise Invalid(*problems)
    return tuple(types)


def _wrong(types: Sequence[TaskType], limits: Limits) -> Iterator[Problem]:
    keys: set[str] = set()
    names: set[str] = set()
    for index, each in enumerate(types):
        at = f"/types/{index}"
        if KEY.fullmatch(each.key) is None:
            yield Problem(
                f"{at}/key", "invalid", "Must be 1 to 64 letters, digits, underscores or hyphens."
            )
        if each.key in keys:
            yield Problem(f"{at}/key", "repeated", "Another type has this key.")
        if each.name in names:
            yield Problem(f"{at}/name", "repeated", "Another type has this name.")
        keys.add(each.key)
        names.add(each.name)
        try:
            checked_name(each.name, limits, f"{at}/name")
            if each.icon is not None:
                one_line(each.icon, f"{at}/icon", _ICON_CHARACTERS)
        except Invalid as wrong:
            yield from wrong.problems
        if each.colour is not None and COLOUR.fullmatch(each.colour) is None:
            yield Problem(f"{at}/colour", "invalid", "Must be #rrggbb or the name of a colour.")
