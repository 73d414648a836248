"""Names are filled in where a person stands, and nowhere else, whatever people write."""

import json
import timeit

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from domain.project.workflow import Guard, Transition, Workflow
from domain.values.evolved import evolved
from projections.people import Mark, fill_names, named, names_needed, person
from projections.projects import render_workflow
from tests.projections.history import History

USER = "user_" + "0" * 26
MARK = f'"name":{{"@":"{USER}"}}'

hostile = st.one_of(
    st.text(),
    st.sampled_from([MARK, f",{MARK},", f'"{MARK}"', f'\\",{MARK}', f"x\\{MARK}", '{"@":"', "\\"]),
    st.lists(st.sampled_from(['"name":', '{"@":"', USER, '"}', '"', "\\", "x"])).map("".join),
).filter(lambda text: text.isascii() or text.encode("utf-8", "ignore").decode() == text)


@given(hostile, st.dictionaries(st.one_of(hostile, st.sampled_from(["@", "name"])), hostile))
@example(MARK, {"name": MARK, "@": USER})
def test_no_text_is_ever_taken_for_a_person(text: str, fields: dict[str, str]) -> None:
    answer = {"title": text, "tags": [text, text], "fields": fields, "creator": named(USER)}
    doc = msgspec.json.encode(answer)
    filled = json.loads(fill_names(doc, {USER: msgspec.json.encode(text)}))
    assert filled == {
        "title": text,
        "tags": [text, text],
        "fields": fields,
        "creator": {"user_id": USER, "name": text},
    }
    assert names_needed(doc) == {USER}


def test_the_parameters_of_a_guard_are_not_taken_for_a_person() -> None:
    past = History()
    project_id = past.project(1, past.workspace(1))
    forged = {"who": {"name": {"@": USER}}, "all": [{"name": {"@": USER}}, 1], "name": {"@": USER}}
    move = Transition(source="a", target="b", guards=(Guard(name="g", parameters=forged),))
    project = evolved(
        past.states[project_id], workflow=Workflow(initial="a", statuses=(), transitions=(move,))
    )
    doc = render_workflow(project)
    assert names_needed(doc) == set()
    (guard,) = json.loads(doc)["transitions"][0]["guards"]
    assert (guard["name"], guard["all"][1]) == ("g", 1)


def test_everybody_is_named_once_for_each_place() -> None:
    other = "user_" + "1" * 26
    doc = msgspec.json.encode([named(USER), person(other), named(USER)])
    assert names_needed(doc) == {USER, other}
    assert json.loads(fill_names(doc, {USER: b'"Ada"', other: b'"Bob"'})) == [
        {"user_id": USER, "name": "Ada"},
        {"user_id": other, "name": "Bob", "avatar_url": None},
        {"user_id": USER, "name": "Ada"},
    ]


def test_a_person_who_is_not_known_has_no_name() -> None:
    assert json.loads(fill_names(msgspec.json.encode(named(USER)), {})) == {
        "user_id": USER,
        "name": None,
    }


def test_an_answer_without_people_is_left_as_it_is() -> None:
    assert fill_names(b'{"a":1}', {}) == b'{"a":1}'


def test_a_page_of_fifty_takes_well_under_a_millisecond() -> None:
    doc = msgspec.json.encode([{"x": "y" * 800, "a": person(USER), "c": named(USER)}] * 50)
    names = {USER: b'"Ada Lovelace"'}
    best = min(timeit.repeat(lambda: fill_names(doc, names), number=1, repeat=200))
    assert best < 0.001


def test_a_mark_is_valid_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Mark(USER))) == {"@": USER}
