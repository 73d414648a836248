"""The query language by itself: whatever is written is a query or says where it is none."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from projections.query.moments import Calendar
from projections.query.parsing import QueryLimits, parsed
from projections.query.syntax import (
    AllOf,
    AnyOf,
    Changed,
    Compared,
    Name,
    Nothing,
    NotSo,
    Period,
    Value,
    Was,
    conjuncts,
)

PIECES = (
    "status", "due", "=", "!=", "<=", "~", "(", ")", ",", "and", "OR", "not", "in", "IS", "empty",
    "WAS", "changed", "FROM", "to", "BEFORE", "during", "by", "@ann", "2d", '"a b"', "'c'", '"',
    "ORDER BY", "desc", "now()", "\\", "ö", "\x00", "\n", "🙂",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_is_a_query_or_says_where_it_is_none(text: str) -> None:
    try:
        parsed(text, "/query")
    except Invalid as wrong:
        (problem,) = wrong.problems
        assert problem.pointer == "/query"
        column = re.match(r"Column (\d+): \S", problem.detail)
        if column is not None:
            assert 1 <= int(column[1]) <= len(text) + 1
        else:
            assert problem.code == "too-many"


def test_not_binds_before_and_and_and_before_or() -> None:
    query = parsed("not a = 1 and b = 2 or c = 3 AND (d = 4 or e = 5)", "")
    assert isinstance(query.where, AnyOf)
    one, other = query.where.parts
    assert isinstance(one, AllOf)
    assert isinstance(one.parts[0], NotSo)
    assert isinstance(other, AllOf)
    assert [type(each) for each in other.parts] == [Compared, AnyOf]
    assert len(conjuncts(parsed("a = 1 and (b = 2 and c = 3)", "").where)) == 3


def test_history_keeps_values_ends_and_periods_apart() -> None:
    asked = parsed('"x y" WAS NOT IN (a, "b)") BEFORE now() BY @ann', "").where
    assert asked == NotSo(
        Was(
            Name("x y", 1, quoted=True),
            (Value("a", 19), Value("b)", 22, quoted=True)),
            (
                Period("before", (Value("now", 35, called=True),)),
                Period("by", (Value("@ann", 44),)),
            ),
        )
    )
    asked = parsed("s changed during (a, b) to EMPTY from c", "").where
    assert asked == Changed(
        Name("s", 1),
        Value("c", 39),
        Nothing(28),
        (Period("during", (Value("a", 19), Value("b", 22))),),
    )


def test_bounds_hold_before_anything_descends() -> None:
    limits = QueryLimits(characters=100_000, clauses=3, values=4, depth=4, sorts=1)
    for text in (
        " or ".join(["a = 1"] * 4),
        "a in (1, 2, 3, 4, 5)",
        "(" * 20_000 + "a = 1" + ")" * 20_000,
        "not " * 20_000 + "a = 1",
        "order by a, b",
        "x" * 100_001,
    ):
        with pytest.raises(Invalid):
            parsed(text, "", limits)
    parsed("((a = 1 and not (b = 1)) or c in (1, 2)) order by a", "", limits)


# The night on which clocks go forward in Berlin: its Sunday has 23 hours.
NOW = datetime(2026, 3, 28, 21, 30, tzinfo=UTC)
BERLIN = Calendar(NOW, "Europe/Berlin")
MOMENTS = {
    "2026-03-29": ("2026-03-28T23:00", "2026-03-29T22:00"),
    "today": ("2026-03-27T23:00", "2026-03-28T23:00"),
    "tomorrow": ("2026-03-28T23:00", "2026-03-29T22:00"),
    "yesterday": ("2026-03-26T23:00", "2026-03-27T23:00"),
    "now()": ("2026-03-28T21:30", None),
    "1d": ("2026-03-29T20:30", None),  # the same time of the day
    "-1w": ("2026-03-21T21:30", None),
    "24h": ("2026-03-29T21:30", None),
    "1M": ("2026-04-28T20:30", None),
    "30m": ("2026-03-28T22:00", None),
    "startOfWeek()": ("2026-03-22T23:00", None),
    "startOfWeek(1)": ("2026-03-29T22:00", None),
    "STARTOFMONTH(-1)": ("2026-01-31T23:00", None),
    "startOfYear()": ("2025-12-31T23:00", None),
    "startOfDay(1d)": ("2026-03-28T23:00", None),
    '"2026-03-29T00:00:00+01:00"': ("2026-03-28T23:00", None),
}


def value(text: str) -> Value:
    where = parsed(f"due < {text}", "").where
    assert isinstance(where, Compared)
    return where.value


@pytest.mark.parametrize(("text", "span"), MOMENTS.items())
def test_moments_are_those_of_the_time_zone(text: str, span: tuple[str, str | None]) -> None:
    found = BERLIN.span(value(text), "/query")
    first = datetime.fromisoformat(f"{span[0]}+00:00")
    end = first + timedelta(microseconds=1)
    assert found.first == first
    assert found.end == (end if span[1] is None else datetime.fromisoformat(f"{span[1]}+00:00"))
    assert found.day[0] <= found.first < found.day[1]


def test_the_end_of_a_period_is_its_last_moment() -> None:
    for end, start in (
        ("endOfDay()", "startOfDay(1)"),
        ("endOfMonth(-1)", "startOfMonth()"),
        ("endOfWeek()", "startOfWeek(1w)"),
        ("endOfYear()", "startOfYear(1)"),
    ):
        assert BERLIN.span(value(end), "").end == BERLIN.span(value(start), "").first, end
    assert BERLIN.span(value("recorded(-1d)"), "").recorded
    for text in ("soon", "99999y", "startOfDecade()", "now(1d)", "startOfDay(x)", "2026-02-30"):
        with pytest.raises(Invalid):
            BERLIN.span(value(text), "")
