"""What tasks are searched by, and the words of texts and questions."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comment.events import CommentDeleted, CommentEdited, CommentRestored
from domain.errors import Invalid
from domain.task.events import TaskDescribed, TaskRetitled, TaskTagged
from domain.values.text import ERASED
from projections.highlights import Highlighter
from projections.search import SEARCH_VIEW
from projections.search_lexemes import terms_of
from projections.search_query import AskedText, asked_text
from projections.search_texts import MOST_COMMENTS, Remark, SearchTexts, texts_of
from projections.search_words import asked_words, places, stem, stored_words
from projections.spelling import alike
from tests.projections.history import History, made_id
from tests.projections.lexemes import lexemes_in
from tests.projections.memory import folded


def a_task(**given: object) -> tuple[History, str]:
    past = History()
    return past, past.task(1, past.project(1, past.workspace(1)), **given)


def row_of(past: History, task_id: str) -> dict[str, object]:
    return folded(SEARCH_VIEW, [past.events]).stored["docs"][(task_id,)]


def lexemes(past: History, task_id: str) -> Mapping[str, Sequence[int]]:
    return lexemes_in(row_of(past, task_id)["terms"])  # type: ignore[arg-type]


def test_a_task_is_found_by_title_description_comments_key_and_labels() -> None:
    past, task_id = a_task(title="Paint", description="the tables", tags=("Red hot",))
    past.comment(1, task_id, "Quickly!")
    assert set(lexemes(past, task_id)) == {
        "paint", "the", "tables", "~tabl", "quickly", "~quick", "web", "1", "red", "hot",
        "#Red hot", f"={made_id('ws', 1)}", f"/{made_id('proj', 1)}",
    }  # fmt: skip


def test_a_title_weighs_most_and_no_phrase_reaches_over_its_end() -> None:
    past, task_id = a_task(title="red", description="red tape")
    terms = lexemes(past, task_id)
    in_title, in_description = terms["red"]
    assert (in_title >> 14, in_description >> 14) == (3, 2)
    assert (terms["tape"][0] & 0x3FFF) - (in_description & 0x3FFF) == 1
    assert (in_description & 0x3FFF) - (in_title & 0x3FFF) > 1


def test_comments_are_found_while_they_are_there() -> None:
    past, task_id = a_task()
    comment_id = past.comment(1, task_id, "Marvellous")
    where = {"task_id": task_id, "project_id": made_id("proj", 1)}
    past.comment_changed(comment_id, CommentDeleted(**where))
    assert "marvellous" not in lexemes(past, task_id)
    past.comment_changed(comment_id, CommentRestored(**where))
    assert "marvellous" in lexemes(past, task_id)
    edited = CommentEdited(**where, text="Splendid", mentions=(), was="Marvellous", was_mentions=())
    past.comment_changed(comment_id, edited)
    assert {"splendid", "marvellous"} & set(lexemes(past, task_id)) == {"splendid"}


def test_of_many_comments_the_latest_are_found() -> None:
    past, task_id = a_task()
    for number in range(MOST_COMMENTS + 1):
        past.comment(number, task_id, f"word{number}")
    found = lexemes(past, task_id)
    assert "word0" not in found
    assert {"word1", f"word{MOST_COMMENTS}"} <= set(found)


def test_of_a_text_of_too_many_words_the_first_are_found() -> None:
    words = [f"{number:060d}" for number in range(20_000)]
    stored = terms_of(SearchTexts(title="word " * 300, description=" ".join(words)), "ws_1", None)
    assert len(stored) < 2**20
    terms = lexemes_in(stored)
    assert "=ws_1" in terms
    assert len(terms["word"]) == 255
    assert {words[0], words[1_000]} <= set(terms)
    assert words[-1] not in terms


def test_words_beyond_the_last_position_are_found_and_none_stands_at_a_place_twice() -> None:
    texts = SearchTexts(
        description="again " + "word " * 17_000 + "again last lasting",
        tags=["last lastly"],
        comments=[Remark("cmt_1", "user_1", "lastly the lasting comment")],
    )
    terms = lexemes_in(terms_of(texts, "ws_1", None))
    assert [place & 0x3FFF for place in terms["again"]] == [1]
    assert len({*terms["word"]}) == len(terms["word"]) == 255
    late = {word: [(place >> 14, place & 0x3FFF) for place in at] for word, at in terms.items()}
    assert late["last"] == late["lasting"] == [(2, 0x3FFF)]
    assert (late["lastly"], late["comment"]) == ([(0, 0x3FFF)], [(1, 0x3FFF)])


def test_the_longest_description_is_found_by_all_of_its_words() -> None:
    every = [chr(0x4E00 + n % 20_000) + chr(0x3041 + n // 20_000) for n in range(33_000)]
    texts = SearchTexts(title="x" * 500, description="".join(every), tags=["t" * 50] * 50)
    texts.comments = [Remark("cmt_1", "user_1", "".join(reversed(every)))]
    terms = lexemes_in(terms_of(texts, "ws_1", "proj_1"))
    assert {"x" * 64, *every} <= set(terms)


def test_what_was_erased_is_neither_found_nor_kept() -> None:
    past, task_id = a_task(title="secret", description="secret")
    past.comment(1, task_id, ERASED)
    past.change(task_id, TaskRetitled(title=ERASED, was="secret"))
    past.change(task_id, TaskDescribed(description=ERASED))
    row = row_of(past, task_id)
    assert b"secret" not in row["terms"]  # type: ignore[operator]
    assert b"secret" not in row["state"]  # type: ignore[operator]
    assert texts_of(row["state"]).said == []  # type: ignore[arg-type]


def test_rebuilt_in_one_batch_or_event_by_event_it_is_the_same() -> None:
    past, task_id = a_task(title="One", tags=("a",))
    past.comment(1, task_id, "Two")
    past.change(task_id, TaskTagged(tags=("b",), was=("a",)))
    past.change(task_id, TaskRetitled(title="Three", was="One"))
    whole = folded(SEARCH_VIEW, [past.events]).stored
    assert whole == folded(SEARCH_VIEW, [[each] for each in past.events]).stored
    assert {word for _, word in whole["words"]} == {"one", "two", "three"}


def test_cjk_text_is_found_by_any_piece_of_it() -> None:
    stored = stored_words("修复数据库错误 in v2")
    assert stored == ["修复", "复数", "数据", "据库", "库错", "错误", "误", "in", "v2"]
    assert asked_words("数据库") == ["数据", "据库"]
    assert asked_text("库", 9).clauses[0].words[0].begins


@pytest.mark.parametrize("text", ["Größe ÄNDERN", "数据库ｱｲｳ", "a_b-c 1.5", "İstanbul ﬁx ½"])
def test_the_words_of_a_text_are_those_at_their_places(text: str) -> None:
    assert [place.word for place in places(text)] == list(stored_words(text))


def shape(q: str) -> list[tuple[bool, list[tuple[str, bool]]]]:
    return [
        (clause.negated, [(word.word, word.begins) for word in clause.words])
        for clause in asked_text(q, 30).clauses
    ]


def test_a_question_has_words_phrases_beginnings_and_what_should_not_be() -> None:
    assert shape('fix "login page" da* -old -"on hold" web-42') == [
        (False, [("fix", False)]),
        (False, [("login", False), ("page", False)]),
        (False, [("da", True)]),
        (True, [("old", False)]),
        (True, [("on", False), ("hold", False)]),
        (False, [("web", False), ("42", True)]),
    ]
    assert shape("fix the") == [(False, [("fix", False)])]
    assert shape("the") == [(False, [("the", True)])]
    assert shape('-- "" !') == []
    assert shape("-old") == [(True, [("old", False)])]
    with pytest.raises(Invalid):
        asked_text("a b c", 2)


def test_what_is_misspelt_may_mean_words_that_differ_little() -> None:
    known = ["database", "data", "from", "form", "formed", "login"]
    assert alike("databse", known) == ["database"]
    assert alike("lgoin", known) == ["login"]
    assert alike("from", known) == ["form"]
    assert alike("fro", known) == ["from"]


def said(q: str, title: str = "", description: str = "", comments: tuple[str, ...] = ()) -> object:
    found = Highlighter(asked(q)).of(1.0, title, description, comments)
    return found.highlight, found.title, found.description, found.comments


def asked(q: str) -> AskedText:
    return asked_text(q, 30)


def test_what_was_met_is_emphasised_and_all_else_escaped() -> None:
    evil = "<script>alert('run')</script> & \"running\" <em>"
    marked = (
        "&lt;script&gt;alert(&#x27;<em>run</em>&#x27;)&lt;/script&gt; &amp; &quot;<em>running</em>"
        "&quot; &lt;em&gt;"
    )
    assert said("run", evil) == (marked, marked, None, ())
    inside = Highlighter(asked("script em quot")).of(1.0, evil, None, ()).title
    assert inside is not None
    assert inside.count("<") == 2 * inside.count("<em>") == 6


def test_the_best_piece_meets_the_most() -> None:
    long = "word " * 200 + "a database that is painted " + "word " * 200
    best, title, description, comments = said(  # type: ignore[misc]
        "paint database", "Paint", long, ("old", "The Database", "databases")
    )
    assert best == description
    assert "a <em>database</em> that is <em>painted</em>" in best
    assert best.startswith("…")
    assert best.endswith("…")
    assert len(best) < 250
    assert title == "<em>Paint</em>"
    assert comments == ("<em>databases</em>", "The <em>Database</em>")


def test_phrases_beginnings_and_cjk_text_are_emphasised_as_they_are_met() -> None:
    assert said('"red tape"', "red, tape red")[0] == "<em>red, tape</em> red"  # type: ignore[index]
    assert said("paint red", "Repaint: reds")[0] == "Repaint: <em>reds</em>"  # type: ignore[index]
    assert said("数据库", "修复数据库错误")[0] == "修复<em>数据库</em>错误"  # type: ignore[index]
    assert said("库", "数据库错")[0] == "数据<em>库</em>错"  # type: ignore[index]
    assert said("nothing", "Repaint") == (None, None, None, ())


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789éßж'", min_size=1, max_size=12))
def test_no_stem_has_another_first_letter_than_its_word(word: str) -> None:
    for each in stored_words(word):
        assert stem(each)[:1] == each[:1]


@pytest.mark.parametrize("text", ["", "1 ", "ünlike "])
def test_in_plain_text_and_in_any_other_the_same_is_emphasised(text: str) -> None:
    asked = asked_text('dying "slow boats" tid*', 30)
    said = Highlighter(asked).of(1.0, None, f"{text}Died: SLOW-boats; tides, slow, boats lie", ())
    assert said.description == (
        f"{text}<em>Died</em>: <em>SLOW-boats</em>; <em>tides</em>, <em>slow, boats</em> lie"
    )
