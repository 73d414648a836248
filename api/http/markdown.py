"""Markdown that people write, as HTML that is safe to show: raw HTML in it is only text."""

from functools import lru_cache

from markdown_it import MarkdownIt

# CommonMark with tables and strikethrough; links that begin a script are refused by the library.
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=4_096)
def as_html(text: str) -> str:
    """The text's HTML."""
    rendered: str = _markdown.render(text)
    return rendered
