"""A report counts what the trail has, and reads the same on a page and on paper."""

import base64
import re
import zlib
from collections.abc import AsyncIterator, Sequence
from html.parser import HTMLParser
from typing import Any

from infra.exports import report as making
from infra.exports.report import About, Report, report
from infra.exports.report_fonts import marked
from infra.exports.report_html import report_html
from infra.exports.report_pdf import report_pdf
from infra.exports.trail_walk import TrailEvent

INES, TOM = "user_ines", "user_tom"
NOTE = "example.org/1\n12\nAAAA\n\n— example.org/1 AAAA\n"


def event(position: int, type_: str, stream: str, actor: str = INES, **said: Any) -> TrailEvent:
    names = {INES: "Ines <b>Müller</b>", TOM: "Томаш 陈"}
    return {
        "position": position,
        "type": f"{type_}.v1",
        "stream": stream,
        "recorded_at": f"2026-01-0{1 + position // 10}T00:00:0{position % 10}Z",
        "actor": {"user_id": actor, "name": names.get(actor)},
        "data": said,
        "reason": "because 理由" if position == 4 else None,
    }


EVENTS = [
    event(1, "TaskCreated", "task_1", project_id="proj_web"),
    event(2, "TaskStatusChanged", "task_1", TOM, status="done"),
    event(3, "CommentAdded", "cmt_1", TOM, project_id="proj_web"),
    event(4, "WorkspaceMemberRoleChanged", "ws_1", user_id=TOM, role="admin", was="member"),
    event(5, "ProjectWorkflowChanged", "proj_web"),
    event(6, "LogInsFailed", "note_1", "system", user_id=TOM, times=7, how={"password": 7}),
    event(7, "TrailExported", "exp_1", format="csv", digest="ab"),
    event(8, "HoldSet", "custody_1", hold_id="hold_1"),
    event(9, "TrailReviewed", "note_2", note="looked at"),
]


class _Nobody:
    async def read(self, aggregate: object, stream: str) -> None:
        return None


async def made(events: Sequence[TrailEvent] = EVENTS) -> Report:
    async def every() -> AsyncIterator[TrailEvent]:
        for each in events:
            yield each

    async def projects_of(places: Sequence[tuple[str, int]]) -> dict[int, str]:
        return {position: "proj_web" for _, position in places}

    asked = {"from": "2026-01-01T00:00:00Z", "actor": TOM}
    about = About("Büro & Co", "ws_1", "log", asked, 9, NOTE)
    return await report(about, every(), projects_of, _Nobody())  # type: ignore[arg-type]


async def test_who_did_what_where_and_what_is_looked_for():
    found = await made()
    assert (found.events, found.first, found.last) == (
        9,
        EVENTS[0]["recorded_at"],
        EVENTS[-1]["recorded_at"],
    )
    people = {group.name: dict(group.kinds) for group in found.people}
    assert people["Томаш 陈 (user_tom)"] == {"CommentAdded": 1, "TaskStatusChanged": 1}
    (web,) = found.projects
    assert (web.name, web.count) == ("proj_web", 4)
    sections = {title: [act.what for act in acts.listed] for title, acts in found.sections}
    assert sections == {
        "Role changes": ["WorkspaceMemberRoleChanged"],
        "Privileged acts": ["ProjectWorkflowChanged", "HoldSet"],
        "Failed log-ins and refusals": ["LogInsFailed"],
        "Exports and reading of the trail": ["TrailExported"],
        "Reviews": ["TrailReviewed"],
    }


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_page_loads_nothing_and_says_everything():
    page = _Page()
    content = report_html(await made()).decode()
    page.feed(content)
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "img", "link", "b", "iframe"} & set(tags)
    assert not [said for _, said in page.tags if {"src", "href", "onclick"} & set(said)]
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert all(said.get("scope") for tag, said in page.tags if tag == "th")
    for text in ("Büro & Co", "Ines <b>Müller</b>", "Томаш 陈", "because 理由", NOTE.strip()):
        assert text in page.text
    assert f"Onlywhat was done by {TOM}" in page.text
    assert content == report_html(await made()).decode()


async def test_nobodys_words_turn_ours_around():
    act = event(8, "HoldSet", "custody_1", reason="\u202edlot si eno oN\x9b2J; שלום")
    page = report_html(await made([act])).decode()
    assert "reason: \ufffddlot si eno oN\ufffd2J; שלום" in page


async def test_beyond_a_thousand_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(making, "MOST_LISTED", 3)
    events = [event(n, "HoldSet", "custody_1", hold_id=str(n)) for n in range(1, 9)]
    page = report_html(await made(events)).decode()
    assert "Privileged acts (8)" in page
    assert "And 5 more" in page


def streams(pdf: bytes) -> bytes:
    """All that is packed in a file, one after another."""
    found = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    unpacked = []
    for each in found:
        data = each.strip()
        if data.endswith(b"~>"):
            data = (
                base64.a85decode(data, adobe=data.startswith(b"<~"))
                if data.startswith(b"<~")
                else base64.a85decode(data[:-2])
            )
        try:
            unpacked.append(zlib.decompress(data))
        except zlib.error:
            unpacked.append(data)
    return b"\n".join(unpacked)


async def test_on_paper_other_scripts_show_and_the_same_report_is_the_same_file():
    found = await made()
    pdf = report_pdf(found)
    assert pdf.startswith(b"%PDF-")
    assert pdf == report_pdf(found)
    assert b"STSong-Light" in pdf
    content = streams(pdf)
    for letter in "Тмü":  # what can be searched for and copied
        assert f"<{ord(letter):04X}>".encode() in content.upper()


async def test_who_has_the_name_of_another_is_told_from_them():
    acts = [event(1, "HoldSet", "custody_1"), event(2, "HoldSet", "custody_1", "user_mallory")]
    acts[1]["actor"]["name"] = acts[0]["actor"]["name"]
    found = await made(acts)
    assert len({group.name for group in found.people}) == 2
    (_, privileged) = found.sections[1]
    assert [INES in act.who for act in privileged.listed] == [True, False]


async def test_on_paper_nothing_is_left_out_however_long_it_is():
    kinds = [event(1 + n % 9, f"{'Kind' * 8}{n}", "task_1") for n in range(200)]
    long = event(9, "HoldSet", "custody_1")
    long["reason"] = "W" * 600
    pdf = streams(report_pdf(await made([*kinds, long])))
    assert pdf.count(b"Kind" * 8) == 2 * 200  # by person and by project
    assert pdf.count(b"W") >= 600


def test_each_letter_is_in_a_font_that_has_it():
    assert marked("Ω & Ж <א> ไทย") == "Ω &amp; Ж &lt;א&gt; ไทย"
    assert marked("a陈b") == 'a<font name="STSong-Light">陈</font>b'
    assert marked("かな漢") == '<font name="HeiseiKakuGo-W5">かな漢</font>'
    assert marked("한국") == '<font name="HYGothic-Medium">한국</font>'
    assert marked("\U0001f600\x07") == "??"
    assert marked("two\nlines\tapart") == "two lines apart"
