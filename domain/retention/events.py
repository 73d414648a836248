"""What can happen to a task in the trash that was due to go, and stayed."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPurgeHeld:
    """Legal holds keep it, or something that stands below it; said once for each set of them."""

    task_id: str
    project_id: str
    hold_ids: tuple[str, ...]


RetentionEvent = TaskPurgeHeld
