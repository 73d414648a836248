"""What a list's `q` asks of the index of words."""

from infra.postgres.views.tsquery import its_words, one_of


def test_a_task_itself_is_asked_for_every_word_and_the_beginning_of_the_last() -> None:
    assert its_words("Log in pa") == "'log':AB & 'in':AB & 'pa':*AB"
    assert its_words(" !! ") == ""


def test_cjk_text_is_asked_for_by_the_pieces_that_are_stored() -> None:
    assert its_words("数据库 x") == "'数据':AB & '据库':AB & 'x':*AB"
    assert its_words("库 x") == "'库':*AB & 'x':*AB"


def test_lexemes_are_quoted_whatever_they_hold() -> None:
    assert one_of(["#a'b", "#c\\"]) == "('#a''b' | '#c\\\\')"
