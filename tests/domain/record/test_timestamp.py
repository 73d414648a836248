"""Time stamps as they are handed on: one document, read as strictly as it is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.record.timestamp import MOST_BYTES, NotStamped, Stamp, parse_stamp

NOTE = "log.example/1\n7\nAAAA\n\n— log.example/1 AAAAAAA=\n"
STAMP = Stamp(NOTE.encode(), b"\x30\x00\xff", (bytes(32), bytes([255]) * 32))
WRITTEN = (
    "{\n"
    ' "format": "taskledger timestamp 1",\n'
    ' "checkpoint": "log.example/1\\n7\\nAAAA\\n\\n— log.example/1 AAAAAAA=\\n",\n'
    ' "proof": [\n'
    '  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",\n'
    '  "//////////////////////////////////////////8="\n'
    " ],\n"
    ' "token": "MAD/"\n'
    "}\n"
).encode()


def changed(**change: object) -> bytes:
    return json.dumps(json.loads(WRITTEN) | change).encode()


def refusal(content: bytes) -> str:
    with pytest.raises(NotStamped) as refused:
        parse_stamp(content)
    return str(refused.value)


def test_a_stamp_is_one_document_that_people_can_read():
    assert STAMP.encode() == WRITTEN
    assert parse_stamp(WRITTEN) == STAMP
    assert parse_stamp(changed()) == STAMP, "however it is spaced"
    assert Stamp(b"", b"") == Stamp(b"", b"", ())


@given(st.text(max_size=20), st.binary(max_size=20), st.lists(st.binary(min_size=32, max_size=32)))
def test_what_is_written_is_read_back(note: str, response: bytes, proof: list[bytes]):
    stamp = Stamp(note.encode(), response, tuple(proof[:63]))
    assert parse_stamp(stamp.encode()) == stamp


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no time stamp: Input data was truncated"),
        (b"\xff", "no time stamp: JSON is malformed"),
        (b"[" * MOST_BYTES, "no time stamp: "),
        (b'{"proof":' * 9_999, "no time stamp: "),
        (b"[]", "no time stamp: Expected `object`"),
        (b"{}", "no time stamp: Object missing required field `format`"),
        (WRITTEN + b"{}", "no time stamp: JSON is malformed"),
        (changed(at="noon"), "no time stamp: Object contains unknown field `at`"),
        (changed(checkpoint=None), "no time stamp: Expected `str`, got `null` - at `$.checkpoint`"),
        (changed(checkpoint="\ud800"), "no time stamp: "),
        (changed(token="MAD_"), "no time stamp: not base64"),
        (changed(token="MAD"), "no time stamp: not base64"),
        (changed(token="MB=="), "no time stamp: not the one base64 of its content"),
        (changed(proof="AAAA"), "no time stamp: Expected `array`, got `str` - at `$.proof`"),
        (changed(proof=["A" * 43 + "=", "="]), "no time stamp: not base64"),
        (changed(proof=["A" * 43 + "=", "AAAA"]), "a line of its proof is no hash"),
        (changed(proof=["A" * 44]), "a line of its proof is no hash"),
        (changed(format="taskledger timestamp 2"), "not of the format 'taskledger timestamp 1'"),
        (changed(proof=["A" * 43 + "="] * 64), "not of the format 'taskledger timestamp 1'"),
        (WRITTEN.ljust(MOST_BYTES + 1), "a time stamp of more than 1048576 bytes"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_time_stamp_is_none(content: bytes, why: str):
    assert refusal(content).startswith(why)


def test_the_longest_proof_and_the_longest_document_are_read():
    longest = changed(proof=["A" * 43 + "="] * 63)
    assert parse_stamp(longest.ljust(MOST_BYTES)).proof == (bytes(32),) * 63
