"""Markdown that people write, as HTML that is safe to show to everybody.

Two walls: raw HTML in a text is only text (markdown-it), and of what was rendered only known
elements, attributes and kinds of links are left (nh3).
"""

import re
from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_TAGS: Final = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
}
_SCHEMES: Final = {"http", "https", "mailto"}
_REL: Final = "nofollow noopener noreferrer ugc"
_KNOWN_VALUES: Final = {
    "href": re.compile(r"(?:https?:|mailto:|/(?!/)|#).*", re.IGNORECASE | re.DOTALL),
    "class": re.compile(r"language-[\w+#.-]{1,50}", re.ASCII),
    "start": re.compile(r"[0-9]{1,9}"),
    "style": re.compile(r"text-align:(left|center|right)"),
}

# Lines of words and nothing that Markdown knows: most of what people say. There is one way alone to
# take each character, so that none is tried another way.
_PLAIN_LINE: Final = (
    r"[^\W\d_](?:[^\W_]++|(?>[,.;:?!'\"@()% -]+(?!\n|\Z))|[,.;:?!'\"()%](?=\n|\Z))*+"
)
_PLAIN: Final = re.compile(rf"{_PLAIN_LINE}(?:\n{{1,2}}{_PLAIN_LINE})*+")

_URL: Final = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)
_NOT_AT_ITS_END: Final = ".,;:!?*_~"

# Beyond these a text is no longer written to be read, and takes longer than all others together.
_MARKS: Final = re.compile(r"[\[\]!*_`~<&|]")
_MOST_MARKS: Final = 4_000
_MOST_CELLS: Final = 10_000


@lru_cache(maxsize=256)
def as_html(text: str) -> str:
    """The text's HTML. Line breaks are kept as they are written; images are shown as links, for
    whoever reads a comment need not tell another server so."""
    plain = text.rstrip(" \n")
    if _PLAIN.fullmatch(plain):
        return _paragraphs(plain)
    if len(text) > _MOST_MARKS and sum(1 for _ in _MARKS.finditer(text)) > _MOST_MARKS:
        return f"<pre>{nh3.clean_text(text)}</pre>\n"
    rendered: str = (_without_tables if _is_wide(text) else _markdown).render(text)
    return _cleaner.clean(rendered)


def _known_value(_element: str, attribute: str, value: str) -> str | None:
    form = _KNOWN_VALUES.get(attribute)
    return value if form is None or form.fullmatch(value) else None


def _paragraphs(plain: str) -> str:
    return "".join(
        "<p>{}</p>\n".format(each.replace("\n", "<br>\n")) for each in plain.split("\n\n")
    )


def _is_wide(text: str) -> bool:
    """A table has a cell for each column in each line, however little was written for it."""
    lines = text.split("\n")
    return max(line.count("|") for line in lines) * len(lines) > _MOST_CELLS


def _link_urls(state: StateCore) -> None:
    """Addresses that stand in a text as they are become links."""
    for block in state.tokens:
        if block.type != "inline" or block.children is None or "://" not in block.content:
            continue
        inside, children = 0, []
        for token in block.children:
            inside += token.nesting if token.type in ("link_open", "link_close") else 0
            if token.type == "text" and not inside:
                children.extend(_linked(state, token))
            else:
                children.append(token)
        block.children = children


def _linked(state: StateCore, token: Token) -> list[Token]:
    found: list[Token] = []
    end = 0
    for match in _URL.finditer(token.content):
        shown = _trimmed(match[0])
        href = state.md.normalizeLink(shown)
        if not state.md.validateLink(href):
            continue
        if match.start() > end:
            found.append(_text(token.content[end : match.start()]))
        opening = Token("link_open", "a", 1, attrs={"href": href})
        found += (opening, _text(shown), Token("link_close", "a", -1))
        end = match.start() + len(shown)
    if not found:
        return [token]
    if end < len(token.content):
        found.append(_text(token.content[end:]))
    return found


def _trimmed(url: str) -> str:
    """What ends the sentence rather than the address is no part of it."""
    while url and (url[-1] in _NOT_AT_ITS_END or (url[-1] == ")" and "(" not in url)):
        url = url[:-1]
    return url


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _made(*more: str) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    made.enable(["strikethrough", *more]).disable("image")
    made.core.ruler.push("link_urls", _link_urls)
    return made


_markdown = _made("table")
_without_tables = _made()
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_known_value,
    url_schemes=_SCHEMES,
    link_rel=_REL,
    strip_comments=True,
)
