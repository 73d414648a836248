"""A board's frames as one HTML page that needs nothing else: no network, no server."""

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

import orjson

_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_PLACE: Final = re.compile(r"\{\{(policy|title|film)\}\}")
# Of a frame's project, what its page has anyway.
_LEFT_OUT: Final = ("next_cursor", "has_more")


def page_of(film: Mapping[str, Any]) -> str:
    """The page of a film as `replay --out FILE.json` has it. It may do nothing but run its own
    script: https://www.w3.org/TR/CSP3/ says how its policy names that."""
    page = files("api.cli").joinpath("replay_page.html").read_text(encoding="utf-8")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none';"
        f" style-src '{_digest(_STYLE, page)}'; script-src '{_digest(_SCRIPT, page)}'"
    )
    # In a script element only its end tag and a comment are more than text.
    data = orjson.dumps(_packed(film)).decode().replace("<", "\\u003c")
    title = escape(f"{film['name'] or film['key']}: the board, {film['from']} to {film['to']}")
    filled = {"policy": policy, "title": title, "film": data}
    # In one go: what a project is called may look like a place.
    return _PLACE.sub(lambda place: filled[place[1]], page)


def _digest(element: re.Pattern[str], page: str) -> str:
    found = element.search(page)
    assert found is not None  # the page is a file of this package
    return "sha256-" + base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()


def _packed(film: Mapping[str, Any]) -> dict[str, Any]:
    """Each card once, and frames that name cards by their place: most of them do not change."""
    cards: dict[bytes, int] = {}
    frames = []
    for frame in film["frames"]:
        board = frame["board"]
        columns = None if board is None else [_column(each, cards) for each in board["columns"]]
        frames.append({**frame, "board": columns})
    return {**film, "frames": frames, "cards": [orjson.loads(each) for each in cards]}


def _column(column: Mapping[str, Any], cards: dict[bytes, int]) -> dict[str, Any]:
    kept = {name: value for name, value in column.items() if name not in _LEFT_OUT}
    places = [cards.setdefault(orjson.dumps(card), len(cards)) for card in column["cards"]]
    return {**kept, "cards": places}
