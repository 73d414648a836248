"""Links between the pages lead to what is there, and files that they name are."""

import re
from collections.abc import Iterator
from pathlib import Path

_HOUSE = Path(__file__).resolve().parent.parent
_DECISIONS = _HOUSE / "docs" / "adr"
_PAGES = (_HOUSE / "README.md", _HOUSE / "CHANGELOG.md", *sorted((_HOUSE / "docs").rglob("*.md")))
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?![a-z]+:)([^)\s]+)\)")
_NAMED = re.compile(r"`((?:domain|commands|projections|api|infra|bench|docs|tests)/[\w./-]*)[`:]")


def test_every_link_leads_somewhere() -> None:
    found = [(page, link) for page in _PAGES for link in _LINK.findall(_prose(page))]
    assert len(found) > 100
    lost = [f"{page.relative_to(_HOUSE)} -> {link}" for page, link in found if _lost(page, link)]
    assert not lost


def test_every_page_is_met_on_the_way_from_the_readme() -> None:
    met: set[Path] = set()
    left = [_HOUSE / "README.md"]
    while left:
        page = left.pop()
        if page in met or page.suffix != ".md":
            continue
        met.add(page)
        for link in _LINK.findall(_prose(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            left += sorted(target.glob("*.md")) if target.is_dir() else [target]
    assert [page.name for page in _PAGES if page not in met] == []


def test_every_file_that_is_named_is_there() -> None:
    """But for decisions, which name what there was when they were made."""
    pages = [page for page in _PAGES if page.parent != _DECISIONS]
    named = [(page.name, name) for page in pages for name in _NAMED.findall(_prose(page))]
    assert len(named) > 20
    assert [each for each in named if not (_HOUSE / each[1]).exists()] == []


def test_every_decision_has_a_number_of_its_own() -> None:
    numbered = {page.name[:4]: page.read_text() for page in _DECISIONS.glob("*.md")}
    assert len(numbered) == len(list(_DECISIONS.glob("*.md")))
    headed = {name: re.match(r"# 0*(\d+)[.:] ", text) for name, text in numbered.items()}
    wrong = [name for name, number in headed.items() if not number or number[1] != str(int(name))]
    assert not wrong


def _lost(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return True
    return bool(anchor) and anchor not in set(_anchors(target))


def _anchors(page: Path) -> Iterator[str]:
    """Of its headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        yield re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text())
