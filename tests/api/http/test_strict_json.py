"""Strict JSON: what the standard decoder lets through and a record must not hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.strict_json import MAX_DEPTH, decode
from domain.errors import Invalid


@pytest.mark.parametrize(
    ("document", "pointer", "code"),
    [
        (b"", "", "malformed"),
        (b"{", "", "malformed"),
        (b"NaN", "", "malformed"),
        (b'{"a": NaN}', "/a", "malformed"),
        (b'{"a": NaN', "", "malformed"),
        (b'{"a": -Infinity}', "/a", "malformed"),
        (b'{"a": 1, "b/c": [2.5, {"d": 1e999}]}', "/b~1c/1/d", "malformed"),
        (b'{"a": 9223372036854775808}', "/a", "malformed"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "/a", "malformed"),
        (b'{"a": "\xff"}', "", "malformed"),
        ('{"a": 1}'.encode("utf-16"), "", "malformed"),
        (b'{"title": 1, "title": 2}', "/title", "duplicate-name"),
        (b'{"a": {"x~/y": 1, "x~/y": 2}}', "/x~0~1y", "duplicate-name"),
        (b'{"a": ["b\\u0000c"]}', "/a/0", "malformed"),
        (b'{"a": {"b": "\\ud800"}}', "/a/b", "malformed"),
        (b'{"a": "\\u0000"', "", "malformed"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "", "too-deep"),
        (b"[" * 100_000, "", "too-deep"),
    ],
)
def test_unacceptable_json_is_refused_where_it_stands(
    document: bytes, pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        decode(document)
    assert [(each.pointer, each.code) for each in refused.value.problems] == [(pointer, code)]


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXTS
_VALUES |= st.floats(allow_nan=False, allow_infinity=False) | st.lists(_VALUES)


@given(st.dictionaries(_TEXTS, _VALUES), st.booleans())
def test_any_object_is_read_as_the_standard_decoder_reads_it(
    value: dict[str, object], escaped: bool
) -> None:
    document = json.dumps(value, ensure_ascii=escaped)
    assert decode(document.encode()) == json.loads(document) == value


@given(st.dictionaries(_TEXTS, _TEXTS, min_size=1))
def test_a_name_that_is_given_twice_is_found(value: dict[str, str]) -> None:
    document = json.dumps(value)
    name = json.dumps(next(iter(value)))
    with pytest.raises(Invalid) as refused:
        decode(f'{document[:-1]}, {name}: ""}}'.encode())
    assert {each.code for each in refused.value.problems} == {"duplicate-name"}


def test_brackets_in_text_are_not_nesting() -> None:
    assert decode(b'{"a": "' + b"[{" * 500 + b'\\"["}')["a"].startswith("[{")


def test_whole_surrogate_pairs_are_text() -> None:
    assert decode(b'"\\ud83d\\ude00"') == "\U0001f600"
