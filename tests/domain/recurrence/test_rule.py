"""When something comes again, by the clock on the wall."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.recurrence.rule import checked_rule, moved_along, next_occurrence
from tests.domain.tried import tried

BERLIN = "Europe/Berlin"
COMMON = "INTERVAL, COUNT, UNTIL, WKST"


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
        ("FREQ=DAILY;UNTIL=20260302T235959", "2026-03-01T23:59:59", ["2026-03-02T23:59:59"]),
        ("FREQ=DAILY;UNTIL=20260302", "2026-03-01T23:59:59", ["2026-03-02T23:59:59"]),
        ("FREQ=DAILY;INTERVAL=2;BYMONTHDAY=1,2,3", "2026-03-01T08:00",
            ["2026-03-03T08:00:00", "2026-04-02T08:00:00"]),
        ("FREQ=DAILY;BYMONTHDAY=2,9", "2026-03-01T08:00",
            ["2026-03-02T08:00:00", "2026-03-09T08:00:00", "2026-04-02T08:00:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=2", "2026-03-01T08:00",
            ["2026-03-02T08:00:00", "2026-04-02T08:00:00"]),
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
    first = at("2026-10-24T00:30")
    assert next_occurrence("FREQ=DAILY", BERLIN, first, first) == at("2026-10-25T00:30")


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


def test_the_first_is_the_next_after_all_that_is_before_it() -> None:
    first = at("2026-03-02T08:00")
    for before in (timedelta(microseconds=1), timedelta(days=3)):
        assert next_occurrence("FREQ=DAILY", BERLIN, first, first - before) == first


def test_rules_are_walked_until_the_year_3000() -> None:
    assert occurrences("FREQ=DAILY", "UTC", "3000-12-30T08:00", 1) == ["3000-12-31T08:00:00"]
    assert occurrences("FREQ=DAILY", "UTC", "3001-01-02T08:00", 1) == []


@pytest.mark.parametrize(
    ("rule", "code", "detail"),
    [
        ("FREQ=DAILY;FREQ=DAILY", "repeated", "FREQ stands here twice."),
        ("COUNT=2", "invalid", "FREQ must be one of DAILY, WEEKLY, MONTHLY, YEARLY."),
        ("FREQ=WEEKLY;X=1", "invalid",
            f"A rule of FREQ=WEEKLY may have {COMMON}, BYMONTH, BYDAY, BYSETPOS."),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "invalid", "Give either COUNT or UNTIL."),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "invalid",
            "BYMONTHDAY must be from -31 to 31, and not 0."),
        ("FREQ=DAILY;COUNT==1", "invalid", "COUNT must be from 1 to 9999, and not 0."),
        ("FREQ=DAILY;BYMONTH=1;BYDAY=1MO", "invalid",
            "BYDAY must be days: MO,WE, and by the month or the year also 1MO,-1FR."),
    ],
)  # fmt: skip
def test_a_refused_rule_is_told_what_it_may_be(rule: str, code: str, detail: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_rule(rule)
    (problem,) = caught.value.problems
    assert (problem.code, problem.detail) == (code, detail)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;WKST=SU", "FREQ=YEARLY;BYDAY=1MO", "FREQ=MONTHLY;BYMONTHDAY=-31,31",
        "FREQ=YEARLY;BYMONTH=1,12", "FREQ=DAILY;INTERVAL=99", "FREQ=DAILY;INTERVAL=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-366",
    ],
)  # fmt: skip
def test_what_is_a_rule(rule: str) -> None:
    assert checked_rule(rule) == rule


def test_until_is_read_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """2026-03-03 at 9 in Berlin is 8 in UTC; without a Z it is Berlin's. Wherever this runs."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        for until, count in (("20260303T080000Z", 2), ("20260303T075959Z", 1),
                             ("20260303T090000", 2), ("20260303T085959", 1)):  # fmt: skip
            rule = checked_rule(f"FREQ=DAILY;UNTIL={until}")
            assert len(occurrences(rule, BERLIN, "2026-03-01T08:00", 5)) == count, until
        first = at("2026-03-28T08:00:00")
        moved = moved_along(first, first, at("2026-03-29T07:00:00"), BERLIN)
        assert moved == at("2026-03-29T07:00:00")
        start = at("2026-03-27T20:00:00")
        moved = moved_along(start, first, at("2026-03-29T07:00:00"), BERLIN)
        assert (moved, moved and moved.tzinfo) == (at("2026-03-28T20:00:00"), UTC)
        assert moved_along(None, first, first, BERLIN) is None
        later = next_occurrence("FREQ=DAILY", BERLIN, first, first)
        assert later is not None
        assert later.tzinfo is UTC
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_rule_may_have_its_name_before_it() -> None:
    assert checked_rule(" rrule:freq=weekly;byday=mo ") == "FREQ=WEEKLY;BYDAY=MO"
