"""Ids that follow from the log alone."""

import re
import uuid
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from typeid import TypeID

from domain.values.ids import is_id
from projections.typeids import entry_id, place_of
from tests.projections.history import BEGAN


@given(st.integers(1, 2**62 - 1), st.integers(0, 4095))
def test_an_id_is_a_typeid_and_says_where_it_stands(position: int, ordinal: int) -> None:
    made = entry_id("act", BEGAN, position, ordinal)
    assert is_id(made, "act")
    assert place_of(made) == (position, ordinal)
    as_uuid = uuid.UUID(str(TypeID.from_string(made).uuid))
    assert (as_uuid.version, as_uuid.variant) == (7, uuid.RFC_4122)
    assert as_uuid.int >> 80 == BEGAN.timestamp() * 1000


def test_later_ones_sort_later() -> None:
    ids = [entry_id("act", BEGAN + timedelta(seconds=n), n, 0) for n in range(1, 50)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


@given(st.text())
def test_other_text_stands_nowhere(text: str) -> None:
    if not re.fullmatch(r"(.*_)?[0-7][0-9a-hjkmnp-tv-z]{25}", text, re.DOTALL):
        assert place_of(text) is None
