"""Names are filled in where a person stands, and nowhere else, whatever people write."""

import json
import timeit

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from domain.project.workflow import Guard, Transition, Workflow
from domain.values.evolved import evolved
from projections.people import named, person
from projections.project_answers import render_workflow
from tests.projections.history import History
from tests.projections.marked import filled, people_of

USER = "user_" + "0" * 26
MARK = f'"name":\t"{USER}"\t'

hostile = st.one_of(
    st.text(),
    st.sampled_from([MARK, f",{MARK},", f'"{MARK}"', f'\\",{MARK}', f"x\\{MARK}", "\t", "\\"]),
    st.lists(st.sampled_from(['"name":', "\t", USER, '"', "\\", "x"])).map("".join),
).filter(lambda text: text.isascii() or text.encode("utf-8", "ignore").decode() == text)


@given(hostile, st.dictionaries(st.one_of(hostile, st.sampled_from(["@", "name"])), hostile))
@example(MARK, {"name": MARK, "\t": USER})
def test_no_text_is_ever_taken_for_a_person(text: str, fields: dict[str, str]) -> None:
    answer = {"title": text, "tags": [text, text], "fields": fields, "creator": named(USER)}
    doc = msgspec.json.encode(answer)
    told = json.loads(filled(doc, {USER: msgspec.json.encode(text)}))
    assert told == {
        "title": text,
        "tags": [text, text],
        "fields": fields,
        "creator": {"user_id": USER, "name": text},
    }
    assert people_of(doc) == {USER}


def test_the_parameters_of_a_guard_are_not_taken_for_a_person() -> None:
    past = History()
    project_id = past.project(1, past.workspace(1))
    forged = {"who": {"user_id": USER, "name": MARK}, "all": [{"name": "\t"}, 1]}
    move = Transition(source="a", target="b", guards=(Guard(name="g", parameters=forged),))
    project = evolved(
        past.states[project_id], workflow=Workflow(initial="a", statuses=(), transitions=(move,))
    )
    doc = render_workflow(project)
    assert people_of(doc) == set()
    assert json.loads(doc)["transitions"][0]["guards"] == [{**forged, "name": "g"}]


def test_everybody_is_named_once_for_each_place() -> None:
    other = "user_" + "1" * 26
    doc = msgspec.json.encode([named(USER), person(other), named(USER)])
    assert people_of(doc) == {USER, other}
    assert json.loads(filled(doc, {USER: b'"Ada"', other: b'"Bob"'})) == [
        {"user_id": USER, "name": "Ada"},
        {"user_id": other, "name": "Bob", "avatar_url": None},
        {"user_id": USER, "name": "Ada"},
    ]


def test_an_answer_without_people_is_left_as_it_is() -> None:
    assert filled(b'{"a":1}') == b'{"a":1}'


def test_a_page_of_fifty_takes_well_under_a_millisecond() -> None:
    doc = msgspec.json.encode([{"x": "y" * 800, "a": person(USER), "c": named(USER)}] * 50)
    names = {USER: b'"Ada Lovelace"'}
    best = min(timeit.repeat(lambda: filled(doc, names), number=1, repeat=200))
    assert best < 0.0005


def test_a_mark_is_valid_json() -> None:
    assert json.loads(msgspec.json.encode(named(USER))) == {"user_id": USER, "name": USER}
