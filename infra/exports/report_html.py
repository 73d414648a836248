"""A report as one page of HTML: nothing is loaded, nothing runs, and it prints as it reads."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from domain.values.text_rules import not_misleading
from infra.exports.report import Act, Acts, Group, Report

_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid; padding: .25rem .5rem; }
td { overflow-wrap: anywhere; }
.count { text-align: right; font-variant-numeric: tabular-nums; }
time, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; padding: .5rem; }
@media print {
  body { margin: 0; max-width: none; font-size: 9pt; }
  thead { display: table-header-group; }
  tr, pre { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""
CHECKPOINT: Final = (
    "Signed of the whole log, with all of these events in it. A bundle of the same period proves "
    "each of them."
)


def report_html(report: Report) -> bytes:
    """The whole file; the same bytes for the same report."""
    title = f"Report of {report.workspace}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        _POLICY,
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{_text(title)}</h1>",
        _about(report),
        _grouped("Who did what", "Person", report.people),
        _grouped("What was done in which project", "Project", report.projects),
        *(_acts(title, acts) for title, acts in report.sections),
        _checkpoint(report.note),
        "</main></body></html>",
    ]
    return "\n".join(parts).encode()


def period_of(report: Report) -> str:
    """The period in words."""
    since, until = report.asked.get("from"), report.asked.get("to")
    if since is None and until is None:
        return "from the beginning on"
    return f"from {since or 'the beginning'} to {until or 'now'}"


def only_of(report: Report) -> str:
    """To what it was narrowed down beside the period; empty where to nothing."""
    said = {"stream": "what happened to", "actor": "what was done by"}
    return ", ".join(f"{said[name]} {report.asked[name]}" for name in said if name in report.asked)


def _text(said: str) -> str:
    return escape(not_misleading(said))


def _about(report: Report) -> str:
    only = only_of(report)
    rows = {
        "Workspace": report.workspace_id,
        "Period": period_of(report),
        **({"Only": only} if only else {}),
        "Events": f"{report.events:,}",
        "First and last": f"{report.first or 'none'}, {report.last or 'none'}",
        "Log": f"{report.log_id}, up to position {report.upto:,}",
    }
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table><caption>What this is of</caption><tbody>{lines}</tbody></table>"


def _grouped(title: str, of: str, groups: Sequence[Group]) -> str:
    rows = (
        f'<tr><th scope="row">{_text(group.name)}</th><td class="count">{group.count:,}</td>'
        f"<td>{escape(kinds_of(group))}</td></tr>"
        for group in groups
    )
    return _section(title, (of, "Events", "Of which"), rows)


def kinds_of(group: Group) -> str:
    """How often what happened."""
    return ", ".join(f"{name} {count:,}" for name, count in group.kinds)


def _acts(title: str, acts: Acts) -> str:
    columns = ("When", "Who", "What", "About", "Said", "Why")
    more = acts.count - len(acts.listed)
    tail = f"<p>And {more:,} more, which the trail has.</p>" if more else ""
    return _section(f"{title} ({acts.count:,})", columns, map(_row, acts.listed)) + tail


def _row(act: Act) -> str:
    cells = (act.who, act.what, act.about, act.said, act.reason or "")
    return (
        f'<tr><td><time datetime="{escape(act.at)}">{escape(act.at)}</time></td>'
        f"{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"
    )


def _section(title: str, columns: Sequence[str], rows: Iterable[str]) -> str:
    lines = "".join(rows)
    if not lines:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    return (
        f"<h2>{escape(title)}</h2><table><caption>{escape(title)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def _checkpoint(note: str) -> str:
    return f"<h2>Checkpoint</h2><p>{escape(CHECKPOINT)}</p><pre>{escape(note)}</pre>"
