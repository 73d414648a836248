"""The small types and their rules."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Invalid
from domain.favourites.state import favourites_of
from domain.labels.state import labels_of
from domain.reactions.state import reactions_of
from domain.values.ids import between, checked_id, graph_of, is_id, kind_of
from domain.values.limits import Limits
from domain.values.moment import day_or_moment, moment, written
from domain.values.priority import BANDS, band_of, chosen_level, level_of, levels_of
from domain.values.text import ERASED, readable, shown
from domain.values.text_rules import (
    checked_comment,
    checked_description,
    checked_tags,
    checked_title,
    made_project_key,
    normal_email,
    normal_label,
    normal_username,
    numbered_project_key,
)
from domain.watching.state import watching_of

LIMITS = Limits()


def test_priorities_are_levels_with_names():
    assert [band_of(level) for level in range(1, 11)] == [
        "critical", *["high"] * 2, *["medium"] * 3, *["low"] * 4,
    ]  # fmt: skip
    assert [level_of(name) for name in ("critical", "high", "Medium", "low", "P0", "P1", "p2")] == [
        1, 3, 5, 8, 1, 3, 5,
    ]  # fmt: skip
    assert [list(levels_of(each)) for each in BANDS] == [
        [1], [2, 3], [4, 5, 6], [7, 8, 9, 10],
    ]  # fmt: skip
    assert [level_of(level) for level in (1, 10)] == [1, 10]
    for wrong in (0, 11, True, 3.0, "5", "", None, "P3", []):
        with pytest.raises(Invalid):
            level_of(wrong)


def test_the_level_wins_and_the_band_that_stands_changes_nothing():
    assert chosen_level("low", 2) == 2
    assert chosen_level("high", None, present=2) == 2
    assert chosen_level("low", None, present=2) == 8
    assert chosen_level(3, None, present=2) == 3
    assert chosen_level(None, None, present=7) == 7
    with pytest.raises(Invalid) as caught:
        chosen_level("low", 0)
    assert caught.value.problems[0].pointer == "/priority_level"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
        ("2026-03-01t09:00:00.5z", "2026-03-01T09:00:00.500000Z"),
        ("2026-03-01 09:00:00+05:30", "2026-03-01T03:30:00Z"),
        ("2026-03-01T09:00:00.1234567-01:00", "2026-03-01T10:00:00.123456Z"),
    ],
)
def test_a_moment_is_any_rfc_3339_date_time(text, utc):
    assert written(moment(text, "/due_date")) == utc


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "2026-03-01T09:00:00", "2026-03-01T09:00Z", "2026-13-01T09:00:00Z",
        "2026-02-29T09:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01T09:00:60Z", "20260301T090000Z",
        "2026-03-01T09:00:00+0100", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00Z",
        "1899-12-31T00:00:00Z", "2026-03-01T09:00:00Z ", "٢٠٢٦-03-01T09:00:00Z", "2026-02-30",
        "9999-12-31", "1899-12-30",
    ],
)  # fmt: skip
def test_what_is_no_moment(text):
    with pytest.raises(Invalid) as caught:
        day_or_moment(text, "America/New_York", end_of_day=True, pointer="/due_date")
    assert caught.value.problems[0].pointer == "/due_date"


@pytest.mark.parametrize(
    ("day", "zone", "start", "end"),
    [
        ("2026-03-01", "UTC", "2026-03-01T00:00:00Z", "2026-03-01T23:59:59Z"),
        ("2026-03-01", "Asia/Kolkata", "2026-02-28T18:30:00Z", "2026-03-01T18:29:59Z"),
        # Clocks go back at 3:00, so the day has 25 hours.
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"),
        # Midnight itself is skipped: the day begins at 1:00 (Cairo, last Friday of April).
        ("2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24T20:59:59Z"),
        # 23:00 to 24:00 come twice: the day ends with the second (Cairo, last Thursday of October).
        ("2026-10-29", "Africa/Cairo", "2026-10-28T21:00:00Z", "2026-10-29T21:59:59Z"),
    ],
)
def test_a_whole_day_is_one_of_the_callers_zone(day, zone, start, end):
    first, _ = day_or_moment(day, zone, end_of_day=False, pointer="/start_date")
    last, whole_day = day_or_moment(day, zone, end_of_day=True, pointer="/due_date")
    assert (written(first), written(last), whole_day) == (start, end, True)


def test_a_moment_is_the_same_wherever_the_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        first = moment("1900-01-01T00:00:00Z", "/due_date")
        assert (first.isoformat(), written(first)) == (
            "1900-01-01T00:00:00+00:00", "1900-01-01T00:00:00Z",
        )  # fmt: skip
        day, _ = day_or_moment("2026-03-01", "UTC", end_of_day=False, pointer="/due_date")
        assert day.isoformat() == "2026-03-01T00:00:00+00:00"
        assert written(datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Tokyo"))) == (
            "2026-02-28T15:00:00Z"
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_answers_carry_no_fraction_where_it_is_zero():
    assert written(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000", "a\nb", "a\tb", "a\x00", "a\x7f", "a\x85", "\ud800", "x" * 501]
)
def test_what_is_no_title(text):
    with pytest.raises(Invalid) as caught:
        checked_title(text, LIMITS)
    assert caught.value.problems[0].pointer == "/title"


def test_texts_are_kept_as_they_were_written():
    assert checked_title(" Ünï ✓ " + "x" * 490, LIMITS).startswith(" Ünï")
    assert checked_description("a\r\n\tb", LIMITS) == "a\r\n\tb"
    assert checked_comment("x" * 20_000, LIMITS)


def test_a_description_is_bounded_in_characters_and_in_bytes():
    assert checked_description("x" * 100_000, LIMITS)
    for wrong in ("x" * 100_001, "€" * 70_000, "a\x00"):
        with pytest.raises(Invalid):
            checked_description(wrong, LIMITS)


def test_tags_count_once_and_are_bounded():
    assert checked_tags(["b", "a", "b"], LIMITS) == ("b", "a")
    written_so = (" Bug ", "Straße", "\uff22\uff35\uff27")
    assert [normal_label(each) for each in written_so] == ["bug", "strasse", "bug"]
    assert len(checked_tags(["a"] * 60, LIMITS)) == 1
    with pytest.raises(Invalid):
        checked_tags([str(n) for n in range(51)], LIMITS)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Website", "WEB"),
        ("Website Redesign 2026", "WR2"),
        ("Bob's own", "BO"),
        ("Über uns", "UU"),
        ("3D Models", "DMO"),
        ("3 Big Models", "BM"),
        ("X Ray", "XR"),
        ("Xenon", "XEN"),
        ("One Two Three Four Five", "OTTF"),
        ("Smørrebrød", "SMR"),
        ("A", "PRJ"),
        ("日本", "PRJ"),
        ("😀", "PRJ"),
    ],
)
def test_a_key_is_made_from_a_name(name, key):
    assert made_project_key(name) == key


def test_another_key_looks_like_the_first():
    assert numbered_project_key("WEB", 2) == "WEB2"
    assert numbered_project_key("WEBSITEABC", 4711) == "WEBSIT4711"


def test_what_is_unique_about_people_is_not_its_case():
    assert normal_username("Ann.Lee") == "ann.lee"
    assert normal_email(" ANN@Exämple.ORG") == normal_email("ann@exa\u0308mple.org")


def test_ids_say_their_kind():
    assert is_id("task_01h455vb4pex5vsknk084sn02q", "task")
    assert not is_id("task_01h455vb4pex5vsknk084sn02q", "proj")
    for wrong in ("task_", "task_81h455vb4pex5vsknk084sn02q", "task_01H455VB4PEX5VSKNK084SN02Q",
                  "nope_01h455vb4pex5vsknk084sn02q", "task_01h455vb4pex5vsknk084sn02q\n",
                  "task_01h455vb4pex5vsknk084sn02"):  # fmt: skip
        assert kind_of(wrong) is None


def test_the_id_of_what_belongs_to_others_is_known_without_asking():
    """These stand in the log: whatever makes them anew must make the same."""
    user, workspace = "user_01h455vb4pex5vsknk084sn02q", "ws_01h455vb4pex5vsknk084sn02q"
    assert favourites_of(user, workspace) == between("favs", user, workspace)
    assert between("favs", user, workspace) == "favs_1emth2ncbpha3tn252p1y6mm65"
    assert is_id(between("favs", user, workspace), "favs")
    assert [labels_of(workspace), watching_of("task_1"), reactions_of("cmt_1")] == [
        "labels_01h455vb4pex5vsknk084sn02q", "watch_1", "rct_1",
    ]  # fmt: skip
    assert graph_of(workspace) == "graph_01h455vb4pex5vsknk084sn02q"


def test_an_id_of_a_client_has_its_form():
    given = "team_01h455vb4pex5vsknk084sn02q"
    assert checked_id(given, "team", "/team_id") == given
    with pytest.raises(Invalid, match="team_ and 26 characters") as caught:
        checked_id("team_1", "team", "/team_id")
    assert caught.value.problems[0].pointer == "/team_id"


def test_an_erased_text_reads_as_nothing():
    assert [shown(each) for each in ("a", ERASED, None)] == ["a", "", ""]
    assert shown(ERASED, "gone") == "gone"
    assert [readable(each) for each in ("a", ERASED, None)] == ["a", None, None]


def test_no_line_has_a_control_character_or_half_a_pair_and_none_is_blank() -> None:
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)):
        with pytest.raises(Invalid):
            checked_title(f"a{chr(code)}b", Limits())
        if code not in (0x09, 0x0A, 0x0D):  # Markdown has tabs and lines
            with pytest.raises(Invalid):
                checked_comment(f"a{chr(code)}b", Limits())
    for space in ("", " ", "\u2003", "\u3000\u00a0"):
        with pytest.raises(Invalid):
            checked_title(space, Limits())
    for text in ("\u202ea", "a\u3000b", "\u200b", "\U0001f600"):
        assert checked_title(text, Limits()) == text
