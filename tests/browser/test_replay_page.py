"""The page of `taskledger replay --out FILE.html`: a slider through the frames of a board."""

from pathlib import Path
from typing import Any

from api.cli.replay_page import page_of
from tests.browser.chromium import Page


def card(key: str, title: str | None, version: int = 1) -> dict[str, Any]:
    return {
        "task_id": f"task_{key}",
        "key": key,
        "title": title,
        "priority": "high",
        "is_blocked": False,
        "assignees": [{"user_id": "user_1", "name": None, "avatar_url": None}],
        "due_date": None,
        "tags": ["backend"],
        "version": version,
    }


def frame(at: int, *columns: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("To do", "Done")
    board = {
        "columns": [
            {"column_id": f"col_{name}", "name": name, "count": len(cards), "cards": cards}
            for name, cards in zip(names, columns, strict=True)
        ]
    }
    stats = {
        "total_tasks": sum(map(len, columns)),
        "in_progress_tasks": 0,
        "completed_tasks": len(columns[1]),
        "overdue_tasks": 0,
    }
    moment = f"2026-01-31T12:00:0{at}Z"
    return {"at": moment, "position": at, "board": board, "stats": stats}


def test_the_slider_goes_through_the_frames(page: Page, tmp_path: Path) -> None:
    one, two = card("WEB-1", "</script><b>bold</b>"), card("WEB-2", None)
    nothing = {"at": "2026-01-31T12:00:00Z", "position": None, "board": None, "stats": None}
    film = {
        "project_id": "proj_1",
        "key": "WEB",
        "name": "Web <site> {{film}}",
        "from": "2026-01-31T12:00:00Z",
        "to": "2026-01-31T12:00:03Z",
        "frames": [nothing, frame(1, [one], []), frame(2, [one, two], []), frame(3, [two], [one])],
    }
    file = tmp_path / "film.html"
    file.write_text(page_of(film))
    page.open(file.as_uri())
    assert "was not there yet" in said(page)
    heading = page.run("document.getElementById('name').textContent")
    assert heading == page.run("document.title")
    assert heading.startswith("Web <site> {{film}}: the board, 2026-01-31T12:00:00Z to ")
    for _ in range(3):
        page.run("document.getElementById('at').focus()")
        page.press("ArrowRight")
    assert said(page).startswith("Frame 4 of 4")
    assert "position 3, cards changed: 1" in said(page)
    (todo, done) = page.run("[...document.querySelectorAll('section')].map((e) => e.innerText)")
    assert todo.startswith("To do (1)")
    assert "(erased)" in todo
    assert "</script><b>bold</b>" in done
    assert "from To do" in done
    assert "2 tasks, 0 in progress, 1 done" in page.run("document.body.innerText")
    page.run("document.getElementById('back').click()")
    assert said(page).startswith("Frame 3 of 4")
    assert page.asked == [file.as_uri()]
    assert page.said == []


def said(page: Page) -> str:
    return str(page.run("document.getElementById('moment').textContent"))
