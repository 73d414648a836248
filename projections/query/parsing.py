"""From a query's text to its syntax, or to where it goes wrong and what was expected there."""

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from domain.errors import Invalid, invalid
from domain.values.frozen import dataclass

from .errors import listed, suggestion, wrong
from .syntax import (
    AllOf,
    Among,
    AnyOf,
    Changed,
    Compared,
    Empty,
    Name,
    Node,
    Nothing,
    NotSo,
    Period,
    Query,
    Sorting,
    Value,
    Was,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """How much one query may hold: its length, conditions, values of all of them, how deep they
    stand in each other, and fields that it is ordered by."""

    characters: int = 4_000
    clauses: int = 50
    values: int = 200
    depth: int = 20
    sorts: int = 5


_SAID: Final = {
    "COMPARISON": "=, !=, <, <=, >, >=, ~, !~",
    "WORD": "a word",
    "QUOTED": "a quoted text",
    "LPAR": '"("',
    "RPAR": '")"',
    "COMMA": '","',
    "DIRECTION": "ASC, DESC",
    "$END": "the end",
}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CLAUSES: Final = frozenset(
    {"compared", "among", "not_among", "empty", "not_empty", "was", "was_not", "changed"}
)


@cache
def _parser() -> Lark:
    grammar = files(__package__).joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def parsed(text: str, pointer: str, limits: QueryLimits | None = None) -> Query:
    """The syntax of a query. Raises Invalid at `pointer` for what is none, or holds too much."""
    limits = limits or QueryLimits()
    if len(text) > limits.characters:
        raise invalid(pointer, f"Must be at most {limits.characters} characters.", "too-long")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _unexpected(error, text, pointer) from None
    _require_within(tree, pointer, limits)
    condition, order = _given(tree)
    sorts = () if order is None else tuple(_sorting(each) for each in _trees(order))
    if len(sorts) > limits.sorts:
        raise invalid(pointer, f"A query is ordered by at most {limits.sorts} fields.", "too-many")
    return Query(None if condition is None else _node(condition), sorts)


def _require_within(tree: Tree[Token], pointer: str, limits: QueryLimits) -> None:
    """Before anything descends into it."""
    clauses = values = deepest = 0
    waiting = [(tree, 0)]
    while waiting:
        each, depth = waiting.pop()
        deepest = max(deepest, depth)
        clauses += each.data in _CLAUSES
        values += each.data in ("value", "called")
        deeper = each.data == "none_of" or (each.data == "any_of" and each is not tree.children[0])
        waiting += [(below, depth + deeper) for below in _trees(each)]
    for count, most, what in (
        (clauses, limits.clauses, "conditions"),
        (values, limits.values, "values"),
        (deepest, limits.depth, "levels of parentheses"),
    ):
        if count > most:
            raise invalid(pointer, f"A query has at most {most} {what}.", "too-many")


def _given(tree: Tree[Token]) -> Any:
    """What stands at each place of a rule, None where nothing does."""
    return tree.children


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [each for each in tree.children if isinstance(each, Tree)]


def _node(tree: Tree[Token]) -> Node:
    below = _trees(tree)
    match tree.data:
        case "any_of":
            return _joined(AnyOf, below)
        case "all_of":
            return _joined(AllOf, below)
        case "none_of":
            return NotSo(_node(below[0]))
        case "compared":
            operator = next(each for each in tree.children if isinstance(each, Token))
            return Compared(_name(below[0]), str(operator), _value(below[1]), _column(operator))
        case "among":
            return Among(_name(below[0]), _values(below[1]))
        case "not_among":
            return NotSo(Among(_name(below[0]), _values(below[1])))
        case "empty":
            return Empty(_name(below[0]))
        case "not_empty":
            return NotSo(Empty(_name(below[0])))
        case "was":
            return _was(below)
        case "was_not":
            return NotSo(_was(below))
        case _:
            return _changed(below)


def _joined(kind: type[AnyOf] | type[AllOf], below: list[Tree[Token]]) -> Node:
    parts = tuple(_node(each) for each in below)
    return parts[0] if len(parts) == 1 else kind(parts)


def _was(below: list[Tree[Token]]) -> Was:
    name, stood, *periods = below
    values: tuple[Value | Nothing, ...]
    values = _values(_trees(stood)[0]) if stood.data == "stood_among" else (_one_value(stood),)
    return Was(_name(name), values, tuple(_period(each) for each in periods))


def _changed(below: list[Tree[Token]]) -> Changed:
    name, *ends = below
    found: dict[str, Value | Nothing] = {}
    periods = []
    for each in ends:
        if each.data in ("from_value", "to_value"):
            found[each.data] = _one_value(_trees(each)[0])
        else:
            periods.append(_period(each))
    return Changed(_name(name), found.get("from_value"), found.get("to_value"), tuple(periods))


def _period(tree: Tree[Token]) -> Period:
    return Period(str(tree.data), tuple(_value(each) for each in _trees(tree)))


def _one_value(tree: Tree[Token]) -> Value | Nothing:
    only: Any = tree.children[0]
    return _value(only) if isinstance(only, Tree) else Nothing(_column(only))


def _values(tree: Tree[Token]) -> tuple[Value, ...]:
    return tuple(_value(each) for each in _trees(tree))


def _value(tree: Tree[Token]) -> Value:
    word: Any = tree.children[0]
    text, quoted, column = _text(word), word.type == "QUOTED", _column(word)
    if tree.data != "called":
        return Value(text, column, quoted)
    argument: Any = tree.children[1]
    given = None if argument is None else _text(argument.children[0])
    return Value(text, column, called=True, argument=given)


def _name(tree: Tree[Token]) -> Name:
    word: Any = tree.children[0]
    return Name(_text(word), _column(word), word.type == "QUOTED")


def _sorting(tree: Tree[Token]) -> Sorting:
    direction: Any = tree.children[1]
    descending = None if direction is None else direction.lower() == "desc"
    return Sorting(_name(_trees(tree)[0]), descending)


def _column(token: Token) -> int:
    """Counted over the whole text, whatever lines it has."""
    return (token.start_pos or 0) + 1


def _text(token: Token) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1]) if token.type == "QUOTED" else str(token)


def _unexpected(error: UnexpectedInput, text: str, pointer: str) -> Invalid:
    if isinstance(error, UnexpectedToken):
        found, choices = str(error.token), set(error.accepts or error.expected)
        at_end = error.token.type == "$END"
        column = len(text) + 1 if at_end else _column(error.token)
    elif isinstance(error, UnexpectedCharacters):
        place: Any = error.pos_in_stream  # the class says None, each error its place
        found, choices, column = text[place], set(error.allowed or ()), place + 1
        if found in "\"'":
            return wrong(pointer, column, "this quote is not closed.", "syntax")
    else:
        found, choices, column = "", set(), len(text) + 1
    keywords = {_keyword(each) for each in choices if each not in _SAID}
    expected = listed([*_others(choices), *sorted(keywords)])
    met = f"found {found[:50]!r}" if found else "found the end"
    meant = suggestion(found, keywords)
    return wrong(pointer, column, f"expected {expected}; {met}.{meant}", "syntax")


def _others(choices: set[str]) -> list[str]:
    """What else than keywords may stand there."""
    said: list[str] = []
    if "WORD" in choices and "NOT" in choices:
        said = ["a field"]
        choices = choices - {"WORD", "QUOTED"}
    elif "WORD" in choices:
        said = ["a word or a quoted text"]
        choices = choices - {"WORD", "QUOTED"}
    elif len(choices) > 1:
        choices = choices - {"LPAR"}  # what makes a function of the word before
    return said + [_SAID[each] for each in _SAID if each in choices]


def _keyword(terminal: str) -> str:
    return terminal.removeprefix("_")
