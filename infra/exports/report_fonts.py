"""Fonts of a report in PDF, and which of them shows which letters."""

import io
import re
import unicodedata
from functools import cache
from typing import Final
from xml.sax.saxutils import escape

import pymupdf_fonts
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "FiraGO"
BOLD: Final = "FiraGO-Bold"

_EMBEDDED: Final = {REGULAR: "figo", BOLD: "figbo"}
# Every reader of PDF brings these itself, or puts one of its own in their place.
_CHINESE, _JAPANESE, _KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
_KANA: Final = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3000-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
)
_MISSING: Final = "?"


def marked(text: str) -> str:
    """Text as the markup of a paragraph, each run of letters in a font that has them; a letter that
    none has is a question mark."""
    letters = _letters()
    east_asian = _east_asian_of(text)
    out: list[str] = []
    run = ""
    for letter in unicodedata.normalize("NFC", text):
        if ord(letter) not in letters and _EAST_ASIAN.match(letter):
            run += letter
            continue
        out.append(_run(run, east_asian))
        run = ""
        out.append(escape(_shown(letter, letters)))
    out.append(_run(run, east_asian))
    return "".join(out)


def _shown(letter: str, letters: frozenset[int]) -> str:
    if ord(letter) in letters:
        return letter
    return " " if letter.isspace() else _MISSING


def _run(run: str, font: str) -> str:
    return f'<font name="{font}">{escape(run)}</font>' if run else ""


def _east_asian_of(text: str) -> str:
    """Han letters look otherwise in each of the three: the rest of the text says in which."""
    if _KANA.search(text):
        return _JAPANESE
    return _KOREAN if _HANGUL.search(text) else _CHINESE


@cache
def _letters() -> frozenset[int]:
    """Those that the embedded font has; all fonts are known to the library from here on."""
    found: set[int] = set()
    for name, file in _EMBEDDED.items():
        font = TTFont(name, io.BytesIO(pymupdf_fonts.myfont(file)))
        pdfmetrics.registerFont(font)
        found.update(font.face.charToGlyph)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR)
    for name in (_CHINESE, _JAPANESE, _KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(found)
