"""Variables and days of a template."""

from datetime import date

import pytest

from domain.errors import Invalid
from domain.template.filling import (
    checked_duration,
    checked_values,
    day_after,
    duration_between,
    filled,
    variables_in,
)

START = date(2026, 1, 31)


def test_variables_are_names_in_two_braces():
    texts = ["{{b}} and {{ a_1 }}", "{{b}} {{B}} {{1a}} {c} {{d e}}"]
    assert variables_in(texts) == ("b", "a_1")
    assert filled("{{b}}: {{ a_1 }}{{b}} {{X}}", {"b": "{{a_1}}", "a_1": "2"}) == (
        "{{a_1}}: 2{{a_1}} {{X}}"
    )


def test_each_variable_gets_one_value():
    values = {"name": "x" * 500, "day": ""}
    assert checked_values(["day", "name"], values) is values
    assert checked_values([], {}) == {}
    with pytest.raises(Invalid) as caught:
        checked_values(["name", "b", "a"], {"name": "x" * 501, "other": "1"})
    assert [(each.pointer, each.code) for each in caught.value.problems] == [
        ("/variables/a", "required"),
        ("/variables/b", "required"),
        ("/variables/name", "too-long"),
        ("/variables/other", "unknown"),
    ]
    assert caught.value.problems[3].detail == "The template's variables are: a, b, name."
    with pytest.raises(Invalid) as caught:
        checked_values([], {"other": "1"})
    assert caught.value.problems[0].detail == "The template's variables are: none."


@pytest.mark.parametrize(
    ("duration", "day"),
    [
        ("P3D", "2026-02-03"),
        ("-P3D", "2026-01-28"),
        ("P1W", "2026-02-07"),
        ("P1M", "2026-02-28"),
        ("-P2M", "2025-11-30"),
        ("P1Y2M3W4D", "2027-04-25"),
        ("P0D", "2026-01-31"),
    ],
)
def test_a_duration_leads_from_one_day_to_another(duration: str, day: str):
    assert checked_duration(duration, "/due_in") == duration
    assert day_after(START, duration, "/due_in") == day


def test_without_a_duration_there_is_no_day():
    assert checked_duration(None, "/due_in") is None
    assert day_after(START, None, "/due_in") is None


@pytest.mark.parametrize("wrong", ["", "P", "3D", "PT3H", "P3", "p3d", "P3D ", "P1D1W", "P99999D"])
def test_what_is_no_duration(wrong: str):
    with pytest.raises(Invalid) as caught:
        checked_duration(wrong, "/due_in")
    assert caught.value.problems[0].pointer == "/due_in"


@pytest.mark.parametrize(
    ("start", "duration"), [(date(9999, 12, 31), "P1D"), (date(1, 1, 1), "-P1D")]
)
def test_no_day_is_outside_the_calendar(start: date, duration: str):
    with pytest.raises(Invalid) as caught:
        day_after(start, duration, "/due_in")
    assert caught.value.problems[0].pointer == "/due_in"


@pytest.mark.parametrize(
    ("day", "duration"), [("2026-02-03", "P3D"), ("2026-01-31", "P0D"), ("2026-01-30", "-P1D")]
)
def test_days_apart_are_a_duration(day: str, duration: str):
    assert duration_between(START, date.fromisoformat(day)) == duration
