"""Questions find by words what was stored by words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.words import is_wordless, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fix the LOGIN page", ["fix", "the", "login", "page"]),
        ("WEB-42: re_open", ["web", "42", "re", "open"]),
        ("Straße ﬁn Ⅷ", ["strasse", "fin", "viii"]),
        ("x" * 100, ["x" * 64]),
        ("!? …", []),
        ("日本 語", ["日本", "語"]),
    ],
)
def test_words_are_folded_and_split(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_text_is_split_as_any_other(text: str) -> None:
    assert words(text) == [word[:64] for word in re.findall(r"[^\W_]+", text.lower())]


def test_a_text_without_words_asks_for_what_nothing_has() -> None:
    assert is_wordless("!!")
    assert not is_wordless("  ")
    assert not is_wordless("a!")
