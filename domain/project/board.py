"""The columns of a project's board: each status stands in exactly one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    column_id: str
    name: str
    statuses: tuple[str, ...]
    wip_limit: int | None = None
    lane_wip_limit: int | None = None
