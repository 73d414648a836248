"""The columns of a project's board: each status stands in exactly one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from domain.errors import Invalid, Problem, invalid
from domain.project.workflow import Status, Workflow, status_named
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.text_rules import checked_name

MOST_IN_COLUMN: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    column_id: str
    name: str
    statuses: tuple[str, ...]
    wip_limit: int | None = None
    lane_wip_limit: int | None = None


def columns_of(workflow: Workflow, ids: Iterable[str]) -> tuple[Column, ...]:
    """One column a status, in their order; `ids` are fresh ones, as many as there are statuses."""
    return tuple(
        _own_column(status, id_) for status, id_ in zip(workflow.statuses, ids, strict=True)
    )


def columns_after(
    columns: tuple[Column, ...], workflow: Workflow, ids: Iterable[str]
) -> tuple[Column, ...]:
    """The board under a changed workflow: columns that lost all statuses go, statuses that have
    no column get one of their own at the end."""
    keys = [status.key for status in workflow.statuses]
    narrowed = (
        replace(column, statuses=tuple(key for key in column.statuses if key in keys))
        for column in columns
    )
    kept = [column for column in narrowed if column.statuses]
    placed = {key for column in kept for key in column.statuses}
    new = (status for status in workflow.statuses if status.key not in placed)
    return (*kept, *(_own_column(status, id_) for status, id_ in zip(new, ids, strict=False)))


def column_of(columns: tuple[Column, ...], status: str) -> Column:
    """The column in which a status stands."""
    return next(column for column in columns if status in column.statuses)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDraft:
    """A column as a request describes it; without `column_id` it is a new one. Statuses are
    keys or exact names."""

    name: str
    statuses: tuple[str, ...]
    column_id: str | None = None
    wip_limit: int | None = None
    lane_wip_limit: int | None = None


def checked_columns(
    drafts: Sequence[ColumnDraft],
    present: tuple[Column, ...],
    workflow: Workflow,
    ids: Iterable[str],
    limits: Limits,
) -> tuple[Column, ...]:
    """The board that these drafts describe; Invalid with everything wrong in them.

    `ids` are fresh ones, as many as there are drafts.
    """
    if not 1 <= len(drafts) <= limits.columns:
        raise invalid("/columns", f"Must be 1 to {limits.columns} columns.", "too-many")
    problems: list[Problem] = []
    known = {column.column_id for column in present}
    placed: dict[str, int] = {}
    columns: list[Column] = []
    for index, (draft, fresh) in enumerate(zip(drafts, ids, strict=True)):
        at = f"/columns/{index}"
        problems.extend(_wrong_column(draft, known, at, limits))
        known.discard(draft.column_id or "")
        statuses: list[str] = []
        for place, text in enumerate(draft.statuses):
            status = status_named(workflow, text)
            if status is None:
                detail = "There is no such status here."
                problems.append(Problem(f"{at}/statuses/{place}", "unknown", detail))
            elif status.key in placed:
                detail = f"This status stands in column {placed[status.key]} already."
                problems.append(Problem(f"{at}/statuses/{place}", "repeated", detail))
            else:
                placed[status.key] = index
                statuses.append(status.key)
        columns.append(
            Column(
                column_id=draft.column_id or fresh,
                name=draft.name,
                statuses=tuple(statuses),
                wip_limit=draft.wip_limit,
                lane_wip_limit=draft.lane_wip_limit,
            )
        )
    left = [status.key for status in workflow.statuses if status.key not in placed]
    if left:
        detail = f"Every status must stand in a column; left out: {', '.join(left)}."
        problems.append(Problem("/columns", "incomplete", detail))
    if problems:
        raise Invalid(*problems)
    return tuple(columns)


def _wrong_column(
    draft: ColumnDraft, known: set[str], at: str, limits: Limits
) -> Iterator[Problem]:
    if draft.column_id is not None and draft.column_id not in known:
        yield Problem(
            f"{at}/column_id",
            "unknown",
            "Must be a column of this board, once; new ones have none.",
        )
    try:
        checked_name(draft.name, limits, f"{at}/name")
    except Invalid as wrong:
        yield from wrong.problems
    if not draft.statuses:
        yield Problem(f"{at}/statuses", "invalid", "A column needs at least one status.")
    for name in ("wip_limit", "lane_wip_limit"):
        limit = getattr(draft, name)
        if limit is not None and not 1 <= limit <= MOST_IN_COLUMN:
            yield Problem(f"{at}/{name}", "invalid", f"Must be 1 to {MOST_IN_COLUMN}, or null.")


def _own_column(status: Status, column_id: str) -> Column:
    return Column(column_id=column_id, name=status.name, statuses=(status.key,))
