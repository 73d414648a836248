"""Keys of single fields: found by their commitments, and never more of them than may be kept."""

import os

import pytest

from domain.record.disclosure import commitment
from infra.keys import field_keys
from infra.keys.field_keys import FieldKeys
from infra.keys.master import new_key


def test_what_was_disclosed_is_known_what_was_not_is_none_and_what_was_not_asked_an_error() -> None:
    told, secret = new_key(), new_key()
    kept = {commitment(told): FieldKeys(b"id", secret).wrap(commitment(told), told)}
    keys = FieldKeys(b"id", secret)
    with pytest.raises(KeyError):
        keys.of(commitment(told))
    untold = os.urandom(32)
    keys.learn([commitment(told), untold], kept)
    assert keys.of(commitment(told)) == told
    assert keys.of(untold) is None
    assert keys.unknown([commitment(told), untold, b"another"]) == [b"another"]


def test_others_are_forgotten_where_there_are_too_many_and_those_in_use_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(field_keys, "_REMEMBERED", 4)
    keys = FieldKeys(b"id", new_key())
    keys.learn([b"a", b"b", b"c"], {})
    keys.learn([b"d", b"e"], {}, keep=[b"b", b"d", b"e"])
    assert keys.unknown([b"a", b"b", b"c", b"d", b"e"]) == [b"a", b"c"]
