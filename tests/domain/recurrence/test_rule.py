"""When something comes again, by the clock on the wall."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.recurrence.rule import checked_rule, next_occurrence
from tests.domain.tried import tried

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def occurrences(
    rule: str, zone: str, first: str, count: int, *, all_day: bool = False
) -> list[str]:
    found, last = [], at(first)
    for _ in range(count):
        later = next_occurrence(rule, zone, at(first), last, all_day=all_day)
        if later is None:
            break
        found.append(later.strftime("%Y-%m-%dT%H:%M:%S"))
        last = later
    return found


@pytest.mark.parametrize(
    ("rule", "first", "expected"),
    [
        ("FREQ=WEEKLY", "2026-03-02T08:00", ["2026-03-09T08:00:00", "2026-03-16T08:00:00"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH", "2026-03-02T08:00", ["2026-03-05T08:00:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-03-27T08:00", ["2026-04-24T08:00:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T08:00", ["2026-03-31T08:00:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-03-31T08:00",
            ["2026-04-30T08:00:00", "2026-05-29T08:00:00"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T08:00", ["2028-02-29T08:00:00"]),
        ("FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR", "2026-03-13T08:00", ["2026-11-13T08:00:00"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", "2026-03-01T08:00",
            ["2026-03-11T08:00:00", "2026-03-21T08:00:00"]),
        ("FREQ=DAILY;UNTIL=20260303", "2026-03-01T08:00",
            ["2026-03-02T08:00:00", "2026-03-03T08:00:00"]),
        ("FREQ=DAILY;UNTIL=20260303T080000Z", "2026-03-01T08:00",
            ["2026-03-02T08:00:00", "2026-03-03T08:00:00"]),
        ("FREQ=DAILY;UNTIL=20260303T075959Z", "2026-03-01T08:00", ["2026-03-02T08:00:00"]),
    ],
)  # fmt: skip
def test_rules_of_the_calendar(rule: str, first: str, expected: list[str]) -> None:
    ends = "COUNT" in rule or "UNTIL" in rule
    found = occurrences(checked_rule(rule), "UTC", first, 9 if ends else len(expected))
    assert found == expected


def test_the_time_of_day_stays_across_a_change_of_clocks() -> None:
    assert occurrences("FREQ=DAILY", BERLIN, "2026-03-28T08:00", 2) == [
        "2026-03-29T07:00:00",  # 9 in the morning, summer time
        "2026-03-30T07:00:00",
    ]


def test_an_hour_that_is_left_out_is_read_by_the_offset_before_it() -> None:
    """2:30 does not exist on that day: it is 3:30."""
    assert occurrences("FREQ=DAILY", BERLIN, "2026-03-28T01:30", 2) == [
        "2026-03-29T01:30:00",
        "2026-03-30T00:30:00",
    ]


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert occurrences("FREQ=DAILY", BERLIN, "2026-10-24T00:30", 2) == [
        "2026-10-25T00:30:00",
        "2026-10-26T01:30:00",
    ]


def test_the_end_of_a_day_whose_last_hour_comes_twice_is_the_later_one() -> None:
    """In Paraguay's zone clocks went back at midnight."""
    assert occurrences(
        "FREQ=DAILY", "America/Asuncion", "2024-03-23T02:59:59", 1, all_day=True
    ) == ["2024-03-24T03:59:59"]


@tried(60)
@given(
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,SU", "FREQ=MONTHLY"]
    ),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe"]),
    first=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    later=st.timedeltas(timedelta(0), timedelta(days=900)),
)
def test_the_next_one_is_the_first_that_is_later(
    rule: str, zone: str, first: datetime, later: timedelta
) -> None:
    begun = first.replace(tzinfo=UTC)
    after = begun + later
    found = next_occurrence(rule, zone, begun, after)
    assert found is not None
    assert found > after
    assert next_occurrence(rule, zone, begun, found - timedelta(microseconds=1)) == found


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=300",
    ],
)
def test_a_rule_that_names_no_day_never_comes_round(rule: str) -> None:
    assert occurrences(checked_rule(rule), "UTC", "2026-03-02T08:00", 1) == []


@pytest.mark.parametrize(
    "rule",
    [
        "", "weekly", "FREQ=HOURLY", "FREQ=SECONDLY", "INTERVAL=2", "FREQ=DAILY;", "FREQ=DAILY;X=1",
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=100", "FREQ=DAILY;INTERVAL=1,2",
        "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=2;UNTIL=20260101", "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;UNTIL=20261301", "FREQ=DAILY;UNTIL=tomorrow", "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=YEARLY;BYMONTH=13",
        "FREQ=DAILY;BYHOUR=9", "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=WEEKLY;WKST=XX",
        "FREQ=YEARLY;BYEASTER=1", "FREQ=DAILY\nRRULE:FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=" + "1," * 400,
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_rule(rule)
    assert [each.pointer for each in caught.value.problems] == ["/rule"]


def test_a_rule_may_have_its_name_before_it() -> None:
    assert checked_rule(" rrule:freq=weekly;byday=mo ") == "FREQ=WEEKLY;BYDAY=MO"
