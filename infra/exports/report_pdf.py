"""A report as PDF, for paper and for archives."""

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer

from infra.exports.report import Act, Acts, Group, Report
from infra.exports.report_fonts import BOLD, REGULAR, marked
from infra.exports.report_html import CHECKPOINT, kinds_of, only_of, period_of

_MARGIN: Final = 15 * mm
_WIDTH: Final = landscape(A4)[0] - 2 * _MARGIN
_MOST_OF_A_CELL: Final = 600


def report_pdf(report: Report) -> bytes:
    """The whole file; the same bytes for the same report."""
    marked("")  # so that the library knows the fonts
    styles = _Styles()
    title = f"Report of {report.workspace}"
    story: list[Any] = [
        styles.title(title),
        *(styles.line(line) for line in _about(report)),
        Spacer(0, 4 * mm),
        *_grouped(styles, "Who did what", "Person", report.people),
        *_grouped(styles, "What was done in which project", "Project", report.projects),
    ]
    for name, acts in report.sections:
        story += _acts(styles, name, acts)
    story += _checkpoint(styles, report.note)
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=title,
        subject=period_of(report),
        creator="Taskledger",
        lang="en",
        invariant=1,
    )
    document.build(story, onFirstPage=_numbered, onLaterPages=_numbered)
    return out.getvalue()


class _Styles:
    def __init__(self) -> None:
        self._text = ParagraphStyle("text", fontName=REGULAR, fontSize=8, leading=10)
        self._bold = ParagraphStyle("bold", self._text, fontName=BOLD)
        self._title = ParagraphStyle("title", self._bold, fontSize=16, leading=20, spaceAfter=6)
        self._head = ParagraphStyle(
            "head", self._bold, fontSize=11, leading=14, spaceBefore=8, keepWithNext=True
        )

    def title(self, text: str) -> Paragraph:
        return Paragraph(marked(text), self._title)

    def head(self, text: str) -> Paragraph:
        return Paragraph(marked(text), self._head)

    def line(self, text: str) -> Paragraph:
        return Paragraph(marked(text), self._text)

    def table(
        self, columns: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[str]]
    ) -> LongTable:
        """`widths` are parts of the page's width."""
        heads = [Paragraph(marked(column), self._bold) for column in columns]
        lines = [[self.line(cell) for cell in row] for row in rows]
        return LongTable(
            [heads, *lines],
            colWidths=[_WIDTH * width for width in widths],
            repeatRows=1,
            splitInRow=1,  # else a row has to fit on a page
            style=[
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, "#888888"),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ],
        )


def _about(report: Report) -> list[str]:
    first, last = report.first or "none", report.last or "none"
    only = only_of(report)
    return [
        f"Workspace {report.workspace_id}, {period_of(report)}",
        *([f"Only {only}"] if only else []),
        f"{report.events:,} events, the first {first}, the last {last}",
        f"Log {report.log_id}, up to position {report.upto:,}",
    ]


def _grouped(styles: _Styles, title: str, of: str, groups: Sequence[Group]) -> list[Any]:
    if not groups:
        return [styles.head(title), styles.line("None.")]
    rows = ((group.name, f"{group.count:,}", kinds_of(group)) for group in groups)
    return [styles.head(title), styles.table((of, "Events", "Of which"), (0.25, 0.08, 0.67), rows)]


def _acts(styles: _Styles, title: str, acts: Acts) -> list[Any]:
    head = styles.head(f"{title} ({acts.count:,})")
    if not acts.count:
        return [head, styles.line("None.")]
    columns = ("When", "Who", "What", "About", "Said", "Why")
    table = styles.table(columns, (0.16, 0.13, 0.15, 0.18, 0.28, 0.1), map(_row, acts.listed))
    more = acts.count - len(acts.listed)
    tail = [styles.line(f"And {more:,} more, which the trail has.")] if more else []
    return [head, table, *tail]


def _row(act: Act) -> Sequence[str]:
    return (act.at, act.who, act.what, act.about, act.said, _cut(act.reason or ""))


def _checkpoint(styles: _Styles, note: str) -> list[Any]:
    return [
        styles.head("Checkpoint"),
        styles.line(CHECKPOINT),
        *map(styles.line, note.splitlines()),
    ]


def _numbered(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(landscape(A4)[0] - _MARGIN, 8 * mm, f"Page {document.page}")
    canvas.restoreState()


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_OF_A_CELL else text[: _MOST_OF_A_CELL - 1] + "…"
