"""What the XES reader makes of good, odd and broken files."""

import gzip
from pathlib import Path

import pytest

from commands.imports.event_log import Broken, Classifier, NotAnEventLog, Trace, moment, text_of
from infra.imports.xes import XesFile
from infra.imports.xes_document import Limits

EVENT = '<event><string key="concept:name" value="{}"/></event>'


def trace(name: str, *activities: str) -> str:
    events = "\n".join(EVENT.format(activity) for activity in activities)
    return f'<trace>\n<string key="concept:name" value="{name}"/>\n{events}\n</trace>\n'


def log(*parts: str, attributes: str = 'xmlns="http://www.xes-standard.org/"') -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<log {attributes}>\n{"".join(parts)}</log>\n'


@pytest.fixture
def written(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(content: str | bytes, **options: object) -> XesFile:
        path = tmp_path / "log.xes"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return XesFile(path, **options)  # type: ignore[arg-type]

    return write


def names(file: XesFile) -> list[str | None]:
    """The names of the traces, and of what is broken in brackets."""
    return [
        found.name if isinstance(found, Trace) else f"[{found.trace}]" for found in file.traces()
    ]


def the_broken(file: XesFile) -> Broken:
    (found,) = (found for found in file.traces() if isinstance(found, Broken))
    return found


@pytest.mark.parametrize(
    "attributes",
    ["", 'xmlns="http://www.xes-standard.org/" xes.version="2.0"', 'xes.version="1849-2016"'],
)
def test_any_version_of_the_namespace_and_none_are_read(written, attributes):
    assert names(written(log(trace("A", "x"), attributes=attributes))) == ["A"]


def test_a_root_with_a_prefix_is_read_and_foreign_elements_are_left_out(written):
    file = written(
        '<x:log xmlns:x="http://www.xes-standard.org/" xmlns:o="urn:other">'
        "<o:trace><o:event/></o:trace>"
        '<x:trace><x:string key="concept:name" value="A"/><o:note><x:event/></o:note>'
        '<x:event><x:int key="n" value="1"/></x:event></x:trace></x:log>'
    )
    (found,) = file.traces()
    assert isinstance(found, Trace)
    assert [event.attributes for event in found.events] == [{"n": 1}]


def test_gzip_is_known_by_its_content_and_progress_counts_the_file(tmp_path):
    path = tmp_path / "log.xes"
    path.write_bytes(gzip.compress(log(trace("A", "x")).encode()))
    seen: list[int] = []
    assert names(XesFile(path, progress=seen.append)) == ["A"]
    assert seen[-1] == path.stat().st_size


def test_every_type_of_attribute_comes_whole_and_in_order(written):
    file = written(
        log(
            '<trace><string key="concept:name" value="A"><int key="of" value="7"/></string><event>'
            '<string key="s" value="a &lt; &#233;"/>'
            '<date key="d" value="2012-05-05T14:54:27+02:00"/>'
            '<int key="i" value="-5"/><float key="f" value="7.50"/><float key="g" value="INF"/>'
            '<boolean key="b" value="true"/><id key="u" value="7f"/>'
            '<list key="l"><values><int key="k" value="1"/><int key="k" value="2"/></values></list>'
            '<list key="o"><int key="k" value="1"/></list>'
            '<container key="c"><string key="k" value="v"><string key="m" value="n"/></string>'
            '</container><string key="t" value="1"/><string key="t" value="2"/></event></trace>'
        )
    )
    (found,) = file.traces()
    assert isinstance(found, Trace)
    assert found.attributes == {"concept:name": {"value": "A", "attributes": {"of": 7}}}
    assert found.name == "A"
    (event,) = found.events
    assert list(event.attributes.items()) == [
        ("s", "a < é"),
        ("d", {"date": "2012-05-05T14:54:27+02:00"}),
        ("i", -5),
        ("f", 7.5),
        ("g", {"float": "INF"}),
        ("b", True),
        ("u", {"id": "7f"}),
        ("l", {"list": [["k", 1], ["k", 2]]}),
        ("o", {"list": [["k", 1]]}),
        ("c", {"container": [["k", {"value": "v", "attributes": {"m": "n"}}]]}),
        ("t", {"repeated": ["1", "2"]}),
    ]
    assert [text_of(event.attributes[key]) for key in "sdifgbulct"] == [
        "a < é", "2012-05-05T14:54:27+02:00", "-5", "7.5", "INF", "true", "7f", None, None, "2",
    ]  # fmt: skip


def test_a_moment_is_utc_and_one_without_an_offset_is_taken_for_utc():
    at = moment({"date": "2012-05-05T14:54:27.25+02:00"})
    assert str(at) == "2012-05-05 12:54:27.250000+00:00"
    assert str(moment({"date": "2012-05-05T14:54:27"})) == "2012-05-05 14:54:27+00:00"
    with pytest.raises(ValueError, match="not a date"):
        moment({"date": "0001-01-01T00:00:00+14:00"})


def test_classifiers_are_those_for_events_with_keys_quoted_or_known_by_the_globals(written):
    header = written(
        log(
            '<global scope="trace"><string key="x y" value=""/></global>',
            '<global scope="event"><string key="resource country" value="?"/></global>',
            '<classifier name="T" scope="trace" keys="concept:name"/>',
            """<classifier name="Q" keys="'a key' org:role 'it\\'s'"/>""",
            '<classifier name="S" scope="event" keys="org:role resource country x y"/>',
            trace("A", "x"),
        )
    ).header
    assert header.classifiers == (
        Classifier("Q", ("a key", "org:role", "it's")),
        Classifier("S", ("org:role", "resource country", "x", "y")),
    )
    assert header.event_defaults == {"resource country": "?"}


def test_a_classifier_of_many_words_takes_no_longer_than_its_words(written):
    keys = " ".join(f"k{number}" for number in range(20_000))
    (found,) = written(log(f'<classifier name="S" keys="{keys}"/>')).header.classifiers
    assert len(found.keys) == 20_000


def test_traces_of_one_line_are_told_apart(written):
    found = list(written(log(trace("A", "x"), trace("A", "y")).replace("\n", "")).traces())
    assert [(one.line, one.ordinal) for one in found] == [(1, 1), (1, 2)]


def test_log_attributes_are_not_kept_and_a_log_may_be_empty(written):
    file = written(log('<float key="m" value="1"><float key="n" value="nonsense"/></float>'))
    assert list(file.traces()) == []
    assert file.header.classifiers == ()


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ('<int key="n" value="many"/>', "attribute 'n': 'many' is not a whole number"),
        ('<int key="n" value="9223372036854775808"/>', "not a whole number of 64 bits"),
        ('<date key="time:timestamp" value="yesterday"/>', "'yesterday' is not a date and time"),
        ('<boolean key="b" value="maybe"/>', "neither true nor false"),
        ('<string value="x"/>', "a <string> has no key"),
        ('<string key="x"/>', "'x' has no value"),
    ],
)
def test_a_wrong_attribute_breaks_its_trace_alone_and_says_where(written, inside, reason):
    name = '<string key="concept:name" value="B"/>'
    bad = f"<trace>{name}\n<event/>\n<event>{inside}</event></trace>\n"
    file = written(log(trace("A", "x"), bad, trace("C", "y")))
    assert names(file) == ["A", "[B]", "C"]
    broken = the_broken(file)
    assert (broken.begins, broken.line, broken.records) == (7, 9, 2)
    assert reason in broken.reason


@pytest.mark.parametrize(
    ("cut", "put"),
    [
        ('value="B"', 'value="B'),
        ("</event>\n</trace>", "\n</trace>"),
        ('<string key="concept:name" value="q"/>', "<string"),
        ('value="q"', 'value="&unknown;"'),
        ('value="q"', 'value="\x07"'),
    ],
)
def test_broken_xml_loses_its_trace_alone(written, cut, put):
    whole = trace("B", "p", "q")
    assert cut in whole
    file = written(log(trace("A", "x"), whole.replace(cut, put), trace("C", "y"), trace("D", "z")))
    assert names(file) in (["A", "[B]", "C", "D"], ["A", "[None]", "C", "D"])
    broken = the_broken(file)
    assert broken.begins == 7
    assert broken.records == 2
    assert 8 <= broken.line <= 12


def test_a_trace_without_an_end_does_not_swallow_the_next(written):
    bad = trace("B", "p").replace("</trace>", "")
    assert names(written(log(trace("A", "x"), bad, trace("C", "y")))) == ["A", "[B]", "C"]


def test_bytes_of_another_encoding_lose_their_trace_alone(written):
    content = log(trace("A", "x"), trace("B", "Ä"), trace("C", "y")).encode()
    assert names(written(content.replace("Ä".encode(), b"\xc4"))) == ["A", "[B]", "C"]


def test_other_encodings_are_read_and_told_where_they_break(written):
    latin = log(trace("Ä", "x"), trace("B", "q"), trace("Ö", "y")).replace("UTF-8", "ISO-8859-1")
    broken = latin.replace('value="q"', 'value="q')
    assert names(written(latin.encode("latin-1"))) == ["Ä", "B", "Ö"]
    assert names(written(broken.encode("latin-1"))) == ["Ä", "[B]", "Ö"]
    wide = latin.replace("ISO-8859-1", "UTF-16").encode("utf-16")
    assert names(written(wide)) == ["Ä", "B", "Ö"]
    assert names(written(broken.replace("ISO-8859-1", "UTF-16").encode("utf-16"))) == ["Ä", "[B]"]


def test_utf_8_has_several_names(written):
    content = log(trace("Ä", "x"), trace("B", "q").replace('"q"', '"q'), trace("Ö", "y"))
    for name in ("UTF8", "utf_8"):
        assert names(written(content.replace("UTF-8", name))) == ["Ä", "[B]", "Ö"]


def test_a_break_far_from_the_next_trace_is_bridged_over_many_chunks(written):
    bad = trace("B", "p").replace("<event>", "<event", 1) + "<!--" + "x" * 300_000 + "-->\n" * 50
    file = written(log(trace("A", "x"), bad, trace("C", "y"), bad, trace("D", "y")))
    assert [name for name in names(file) if name and "[" not in name] == ["A", "C", "D"]


def test_lines_are_counted_on_behind_a_break(written):
    lines = log(trace("A", "x"), trace("B", "p").replace("/>", ">", 1), trace("C", "y"))
    third = [found for found in written(lines).traces() if isinstance(found, Trace)][-1]
    assert third.name == "C"
    assert lines.splitlines()[third.line - 1] == "<trace>"


def test_a_cut_file_loses_only_what_is_cut(written):
    content = log(trace("A", "x"), trace("B", "p", "q"))
    for size in range(content.index("<trace>") + 8, len(content) - 1):
        file = written(content[:size])
        found = list(file.traces())
        assert isinstance(found[-1], Broken)
        whole = [one.name for one in found if isinstance(one, Trace)]
        assert whole == ["A", "B"][: content[:size].count("</trace>")]


def test_a_cut_gzip_says_so(written):
    content = gzip.compress(log(*(trace(f"T{i}", "x", "y") for i in range(3000))).encode())
    broken = the_broken(written(content[: len(content) * 2 // 3]))
    assert broken.reason == "the compressed data end too early"
    damaged = bytearray(content)
    damaged[-5] ^= 1
    assert "damaged" in the_broken(written(bytes(damaged))).reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file ends too early"),
        (b"PK\x03\x04 not xml", "not well-formed"),
        (b"<html></html>", "its root is <html>"),
        (b'<?xml version="1.0" encoding="latin-99"?><log/>', "the encoding 'latin-99' is not read"),
        (b'<?xml version="1.0" encoding="big5"?><log/>', "the encoding 'big5' is not read"),
        (b"\x1f\x8bnonsense", "compressed data"),
        (b'<!DOCTYPE log [<!ENTITY a "b">]><log><trace/></log>', "document type declaration"),
        (b'<log><global scope="event"><int key="a" value="b"/></global></log>', "whole number"),
        (b"<log>" + b"<string " * 3, "not well-formed"),
        (b"<log><string key='a' value='" + b"x" * 3_000_000, "a tag is longer"),
    ],
)
def test_what_is_no_event_log_is_refused_whole(written, content, reason):
    file = written(content)
    with pytest.raises(NotAnEventLog, match=reason):
        list(file.traces())
    with pytest.raises(NotAnEventLog, match=reason):
        assert file.header


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(XesFile(tmp_path / "none.xes").traces())


def test_traces_and_events_beyond_the_limits_are_refused_without_being_held(written):
    limits = Limits(trace_events=5, trace_bytes=4000, record_bytes=1000, depth=8)
    deep = '<string key="k" value="v">' * 9 + "</string>" * 9
    file = written(
        log(
            trace("many", *"abcdef"),
            trace("long", "x" * 2000),
            trace("heavy", *("y" * 800 for _ in range(5))),
            f'<trace><string key="concept:name" value="deep"/>{deep}</trace>\n',
            trace("fine", "x"),
        ),
        limits=limits,
    )
    found = list(file.traces())
    assert [one.reason.split("than")[0] for one in found if isinstance(one, Broken)] == [
        "a trace has more ", "an event holds more ", "a trace holds more ", "tags nest deeper ",
    ]  # fmt: skip
    assert [one.records for one in found if isinstance(one, Broken)] == [6, 1, 5, 0]
    assert names(file)[-1] == "fine"


def test_events_outside_of_traces_are_told_once(written):
    file = written(log(trace("A", "x"), *["<event/>\n"] * 3))
    assert the_broken(file) == Broken(7, None, None, 3, "events stand outside of any trace")
