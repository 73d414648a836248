"""The pages that say what there is leave nothing out: every call, every view and its tables."""

import re
from pathlib import Path

from fastapi import FastAPI

from api.app import ROUTERS
from api.openapi import document
from projections.registry import VIEWS

_DOCS = Path(__file__).parent.parent / "docs"
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_every_call_is_named_on_the_page_of_the_http_door() -> None:
    app = FastAPI()
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    page = _nameless(_FENCED.sub("", (_DOCS / "http.md").read_text()))
    named = {path for code in re.findall(r"`([^`]+)`", page) for path in _paths(code)}
    there = {_nameless(path.removeprefix("/api/v1")) for path in document(app)["paths"]}
    assert len(there) > 100
    assert sorted(there - named) == []


def test_every_view_is_described_with_its_tables_and_its_cost() -> None:
    rows = {
        cells[0].strip(" `"): cells[1:]
        for line in (_DOCS / "views.md").read_text().splitlines()
        if len(cells := line.strip("| ").split(" | ")) == 5
    }
    for view in VIEWS:
        events, tables, questions, cost = rows[view.name]
        assert events, view.name
        assert questions, view.name
        assert cost.endswith(" us"), view.name
        missing = [table.name for table in view.tables if f"`{table.name}`" not in tables]
        assert not missing, view.name


def _paths(code: str) -> list[str]:
    return re.findall(r"/[\w./{}-]+", code)


def _nameless(text: str) -> str:
    """What stands in a path for an id has a name of its own on each side."""
    return re.sub(r"\{[^}]*\}", "{}", text)
