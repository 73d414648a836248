"""Questions find by words what was stored by words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.terms import is_wordless, terms_of, terms_query, words


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


def test_terms_of_the_longest_texts_fit_into_a_row() -> None:
    swelling = "\ufdfa".join(chr(0x4E00 + n % 20_000) + chr(0x4E00 + n // 7) for n in range(33_000))
    terms = terms_of([swelling[:100_000], "é" * 100_000], ["x" * 50] * 50, [], "proj_1")
    assert sum(len(term.encode()) for term in terms) < 1_000_000


def test_a_question_asks_for_every_word_and_the_beginning_of_the_last() -> None:
    assert terms_query("Log in pa") == "'log' & 'in' & 'pa':*"


def test_a_question_joins_words_tags_and_people() -> None:
    query = terms_query("x", ["a'b", "c\\"], ["d", "e"], ["user_1"], ["proj_1"])
    assert query == ("'x':* & '#a''b' & '#c\\\\' & ('#d' | '#e') & ('@user_1') & ('/proj_1')")


def test_a_project_alone_is_no_question_for_the_index() -> None:
    assert terms_query(None, project_ids=["proj_1"]) is None
    assert terms_query("  ") is None


def test_a_text_without_words_asks_for_what_nothing_has() -> None:
    assert is_wordless("!!")
    assert not is_wordless("  ")
    assert not is_wordless("a!")
