"""Tags stand in answers as tasks hold them; names are filled in where the structure says so."""

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.labels import held, tags_in
from tests.projections.marked import filled
from tests.projections.strategies import HOSTILE

WS, OTHER = "ws_00000000000000000000000001", "ws_00000000000000000000000002"
NASTY = (*HOSTILE, "]", "a]}", '\t{"#":"ws_1","tags":["x"]}\t', '"tags":["', "\\", '\\"', "[", ",")

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=8))
tags = st.lists(texts, max_size=3, unique=True).map(tuple)


@given(tags, tags, texts, st.dictionaries(texts, st.one_of(st.none(), texts), max_size=4))
@settings(max_examples=200, deadline=None)
def test_names_come_where_tags_are_and_nowhere_else(
    first: tuple[str, ...], second: tuple[str, ...], text: str, names: dict[str, str | None]
) -> None:
    answer: Any = {
        "title": text,
        "tags": held(WS, first),
        "fields": {"tags": [text], "x": text},
        "other": {"tags": held(OTHER, second)},
        "attributes": {"#": WS, "tags": text, "#x": {"#": text}},
    }
    doc = msgspec.json.encode(answer)
    told = json.loads(filled(doc, labels={WS: names, OTHER: {}}))
    shown = [names.get(tag, tag) for tag in first]
    assert told == {
        "title": text,
        "tags": list(dict.fromkeys(name for name in shown if name is not None)),
        "fields": {"tags": [text], "x": text},
        "other": {"tags": list(second)},
        "attributes": {"#": WS, "tags": text, "#x": {"#": text}},
    }


def test_no_tags_need_no_place() -> None:
    assert bytes(held(WS, ())) == b"[]"
    assert tags_in(held(WS, ())) == ()
    assert tags_in(held(WS, ("a",))) == ("a",)
