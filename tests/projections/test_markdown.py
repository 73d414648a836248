"""Markdown becomes HTML that nobody is hurt by, whatever was written."""

import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import markdown
from projections.markdown import as_html

# After the OWASP cheat sheet on evading filters, and what Markdown itself brings with it.
HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<<script>script>alert(1)<</script>/script>",
    "<img src=x onerror=alert(1)>",
    "<img src=`javascript:alert(1)`>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==></object>",
    "<embed src=javascript:alert(1)>",
    "<style>@import'javascript:alert(1)';</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=javascript:alert(1)//>",
    "<meta http-equiv=refresh content=0;url=javascript:alert(1)>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><script>alert(1)</script>",
    "<x onclick=alert(1)>click</x>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "[x](file:///etc/passwd)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](http://a.example \"\" onmouseover=\"alert(1)\")",
    "[x](http://a.example \"\\\" onmouseover=\\\"alert(1)\")",
    "[x](http://a.example' onclick='alert(1))",
    "[x](http://a.example\" onclick=\"alert(1))",
    "![x](javascript:alert(1))",
    "![x](x\" onerror=\"alert(1))",
    "![x](data:image/png;base64,AAAA)",
    "![<img src=x onerror=alert(1)>](http://a.example/a.png)",
    "<javascript:alert(1)>",
    "<http://a.example\" onclick=\"alert(1)>",
    "<data:text/html,<script>alert(1)</script>>",
    "http://a.example/\"onmouseover=\"alert(1)",
    "http://a.example/'><script>alert(1)</script>",
    "https://a.example/?q=<img src=x onerror=alert(1)>",
    "javascript://a.example/%0aalert(1)",
    "```html\" onclick=\"alert(1)\n<script>alert(1)</script>\n```",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "|<script>|b|\n|-|-|\n|<img src=x onerror=alert(1)>|x|",
    "| a |\n|:-\" onclick=\"alert(1)-:|\n| b |",
    "> <script>alert(1)</script>",
    "# <script>alert(1)</script>",
    "1. <svg onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "*<b onclick=alert(1)>*x*</b>*",
    "<b onclick=alert(1)\n\n>x</b>",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<script\u2028>alert(1)</script>",
    "\u202e<script>alert(1)</script>",
    "</p><script>alert(1)</script><p>",
    '"name":{"@":"user_1"}',
]  # fmt: skip

_HARMLESS = {
    "a": {"href", "title", "rel"}, "code": {"class"}, "ol": {"start"}, "td": {"style"},
    "th": {"style"},
}  # fmt: skip
_ELEMENTS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


class _Reader(HTMLParser):
    """Reads HTML as a browser would begin to, and says what is in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def harmless(html: str) -> _Reader:
    read = _Reader(html)
    for tag, attributes in read.elements:
        assert tag in _ELEMENTS, tag
        assert set(attributes) <= _HARMLESS.get(tag, set()), (tag, attributes)
        href = attributes.get("href")
        if href is not None:
            assert re.match(r"https?:|mailto:|/[^/]|#", href, re.IGNORECASE), href
            assert "noopener" in (attributes["rel"] or "").split()
        if attributes.get("style"):
            assert attributes["style"].startswith("text-align:")
    return read


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_runs_is_left(text: str) -> None:
    harmless(as_html(text))
    harmless(as_html(f"Look: {text} **here**\n\n- {text}\n"))


@given(st.lists(st.sampled_from([*HOSTILE, "\n", "`", "*", "[", "](", ")", "|", "<", ">", "&"])))
@settings(max_examples=150, deadline=None)
def test_nothing_that_runs_is_left_of_any_mixture(parts: list[str]) -> None:
    harmless(as_html("".join(parts)))


def test_what_people_write_looks_like_it() -> None:
    assert as_html("Done as **agreed**.\nNext *line*") == (
        "<p>Done as <strong>agreed</strong>.<br>\nNext <em>line</em></p>\n"
    )
    read = harmless(as_html("| a | b |\n|:-:|---|\n| 1 | ~~2~~ |\n\n```python\nx < 1\n```\n3. x"))
    tags = [tag for tag, _ in read.elements]
    assert {"table", "td", "s", "pre", "ol"} <= set(tags)
    assert ("code", {"class": "language-python"}) in read.elements
    assert ("ol", {"start": "3"}) in read.elements
    assert ("td", {"style": "text-align:center"}) in read.elements
    assert "x < 1" in read.text


def test_addresses_become_links_and_images_do_too() -> None:
    def links(text: str) -> list[str | None]:
        return [each.get("href") for _, each in _Reader(as_html(text)).elements if "href" in each]

    url = "https://a.example/x_y(z)?a=b&c=d"
    assert links(f"See {url}, and (http://b.example).") == [url, "http://b.example"]
    assert links(f"`{url}` [http://c.example](http://d.example)") == ["http://d.example"]
    assert links("![a picture](https://a.example/a.png)") == ["https://a.example/a.png"]
    assert links("ada@example.org ftp://a.example www.a.example") == []


plain = st.text("ab éß日5,.;:?!'\"@()%- \n", max_size=40)


@given(plain)
@settings(max_examples=300, deadline=None)
def test_the_quick_way_for_plain_words_says_the_same(text: str) -> None:
    as_html.cache_clear()
    quick = as_html(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(markdown, "_PLAIN", _Never())
        as_html.cache_clear()
        assert as_html(text) == quick
    as_html.cache_clear()


class _Never:
    def fullmatch(self, text: str) -> Any:
        return None


WILD = {
    "brackets": "[" * 20_000,
    "images": "![[](" * 4_000,
    "emphasis": "*a_" * 6_666,
    "columns": "|a" * 1_900 + "\n" + "|-" * 1_900 + "\nx" * 5_000,
    "rows": "|a|b|\n|-|-|\n" + "|\n" * 9_000,
    "links": "[a](b" * 4_000,
    "ampersands": "&" * 20_000,
    "fewer brackets": "[" * 3_999,
    "fewer images": "![[](" * 1_000,
}


@pytest.mark.parametrize("text", WILD.values(), ids=WILD)
def test_no_text_takes_long_or_grows_beyond_measure(text: str) -> None:
    def took_s() -> float:
        as_html.cache_clear()
        began = time.process_time()
        as_html(text)
        return time.process_time() - began

    # Where the collector comes by meanwhile, that takes longer, in a process as big as this one.
    assert any(took_s() < 0.5 for _ in range(3))
    html = as_html(text)
    assert len(html) < 20 * len(text)
    harmless(html)
