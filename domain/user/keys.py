"""API keys: what one may be for. What a key itself is stands nowhere in the log."""

from datetime import datetime
from typing import Final

from domain.values.frozen import dataclass
from domain.values.text import Text

TASKS_READ: Final = "tasks:read"
TASKS_WRITE: Final = "tasks:write"
PROJECTS_READ: Final = "projects:read"
PROJECTS_WRITE: Final = "projects:write"
AUDIT_READ: Final = "audit:read"
ADMIN: Final = "admin"

SCOPES: Final = (TASKS_READ, TASKS_WRITE, PROJECTS_READ, PROJECTS_WRITE, AUDIT_READ, ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that was not revoked; it may have expired. `workspace_id`: with it nothing of any
    other workspace is seen."""

    key_id: str
    name: Text
    name_author: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    workspace_id: str | None
    created_at: datetime
    created_by: str
