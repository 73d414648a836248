"""The shapes of answers that the doors put together: pages of lists, people, operations.

What the views store ready to send is shaped where it is made, in `projections`; the OpenAPI
document is built from both.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from domain.project.lanes import Swimlane
from projections.activity_words.entries import Entry
from projections.board_answers import BoardHead, Card, ColumnHead
from projections.comments import CommentAnswer
from projections.field_history import HistoryEntry
from projections.people import Named
from projections.profiles import OwnAnswer
from projections.project_answers import ProjectAnswer
from projections.project_members import ProjectMemberAnswer
from projections.saved_views import SavedViewAnswer
from projections.task_answers import DependencyAnswer, TaskAnswer
from projections.teams import TeamAnswer
from projections.templates import TemplateSummary
from projections.workspace_members import MemberAnswer
from projections.workspaces import WorkspaceAnswer

encode = msgspec.json.Encoder().encode


class Page(Struct, kw_only=True):
    """`next_cursor` goes into `cursor` of the next request. `total` stands there where it was asked
    for, exactly up to 10,000."""

    next_cursor: str | None
    has_more: bool
    total: int | UnsetType = UNSET
    total_is_exact: bool | UnsetType = UNSET


class TaskPage(Page, kw_only=True):
    tasks: list[TaskAnswer]


class DroppedByMove(Struct, kw_only=True):
    """What found no counterpart in the project that a task moved to, with all that went with it:
    fields by key, types of tasks, and people who may not see that project."""

    fields: tuple[str, ...]
    types: tuple[str, ...]
    assignee_ids: tuple[str, ...]


class MovedTask(TaskAnswer, frozen=True, kw_only=True, gc=False):
    """`dropped` is there where the task has moved to another project."""

    dropped: DroppedByMove | UnsetType = UNSET


class ProjectPage(Page, kw_only=True):
    projects: list[ProjectAnswer]


class ActivityPage(Page, kw_only=True):
    activities: list[Entry]


class BatchResult(Struct, frozen=True):
    """What one call of a batch was answered with; `id` as it was given."""

    id: str | int | None
    status: int
    headers: dict[str, str]
    body: msgspec.Raw


class BatchAnswer(Struct, frozen=True):
    """In the order in which the calls were asked for. `job_id` is by what all that they changed can
    be undone as one; null where that is one commit or none."""

    results: list[BatchResult]
    job_id: str | None


class BulkResult(Struct, frozen=True):
    """What became of one task; `id` is null where a whole call of a batch was taken back."""

    id: str | None
    task_id: str | None
    status: int
    changed: bool
    position: int | None
    problem: Mapping[str, Any] | None


class BulkAnswer(Struct, frozen=True):
    """What was done at once."""

    job_id: str | None
    matched: int
    changed: int
    results: list[BulkResult]


class BulkResultPage(Page, kw_only=True):
    results: list[BulkResult]


class JobBegun(Struct, frozen=True):
    """What is done step by step; `GET /jobs/{job_id}` tells how far it has come."""

    id: str
    job_id: str
    matched: int


class JobAnswer(Struct, frozen=True, kw_only=True):
    """`done` of `total` are changed, unchanged or refused by now."""

    id: str
    job_id: str
    kind: str
    state: str
    dry_run: bool
    workspace_id: str | None
    starter: Named
    total: int
    done: int
    changed: int
    unchanged: int
    refused: int
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class HistoryPage(Page, kw_only=True):
    history: list[HistoryEntry]


class DependencyPage(Page, kw_only=True):
    dependencies: list[DependencyAnswer]


class TreeNode(Struct, kw_only=True):
    """A task and what lies one step further, nested. `repeated`: it is unfolded elsewhere, where
    it was met first."""

    id: str
    task_id: str
    project_id: str
    key: str
    title: str | None
    status: str
    status_category: str
    repeated: bool
    children: list["TreeNode"]


class DependencyTree(TreeNode, kw_only=True):
    """The tree from one task. `truncated`: there is more than an answer holds."""

    direction: Literal["up", "down"]
    depth: int
    truncated: bool


class TaskOrder(Struct):
    """Blockers first."""

    task_ids: list[str]


class WorkspacePage(Page, kw_only=True):
    workspaces: list[WorkspaceAnswer]


class MemberPage(Page, kw_only=True):
    members: list[MemberAnswer]


class TeamPage(Page, kw_only=True):
    teams: list[TeamAnswer]


class ProjectMemberPage(Page, kw_only=True):
    members: list[ProjectMemberAnswer]


class BoardLane(Struct, kw_only=True):
    """A lane by its assignee, label or parent task (by id), or the band of its priority; null: of
    cards without any. `name` is the assignee's name or the parent's title; null also where the
    parent is in another project."""

    lane: str | None
    name: str | None
    count: int


class ColumnLane(BoardLane, kw_only=True):
    """What stands in one lane of a column."""

    cards: list[Card]
    next_cursor: str | None
    has_more: bool


class BoardColumn(ColumnHead, frozen=True, kw_only=True):
    """A column with its first cards; `count` is of all that stand in it. `lanes` are those in
    which something stands, where lanes are asked for."""

    count: int
    cards: list[Card]
    next_cursor: str | None
    has_more: bool
    lanes: list[ColumnLane] | UnsetType = UNSET


class Board(Struct, kw_only=True):
    """`swimlane` and all `lanes` are there where lanes are asked for; `more_lanes`: there are
    others, with fewer cards."""

    project: BoardHead
    columns: list[BoardColumn]
    swimlane: Swimlane | UnsetType = UNSET
    lanes: list[BoardLane] | UnsetType = UNSET
    more_lanes: bool | UnsetType = UNSET
    position: int


class SavedViewPage(Page, kw_only=True):
    views: list[SavedViewAnswer]


class TemplatePage(Page, kw_only=True):
    templates: list[TemplateSummary]


class CommentPage(Page, kw_only=True):
    comments: list[CommentAnswer]


class Registered(Struct, kw_only=True):
    """A new account. A personal workspace and a project in it are made with it."""

    id: str
    user_id: str
    username: str
    email: str
    name: str
    default_workspace_id: str
    created_at: datetime


class ApiKeyAnswer(Struct, kw_only=True):
    """`key` is there once, when it is made. `last_used_at`: to the minute, some seconds late."""

    id: str
    key_id: str
    key: str | UnsetType = UNSET
    name: str | None
    scopes: list[str]
    workspace_id: str | None
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    last_used_at: datetime | None


class ApiKeyList(Page, kw_only=True):
    api_keys: list[ApiKeyAnswer]


class ServiceAccountList(Page, kw_only=True):
    service_accounts: list[MemberAnswer]


class Tokens(Struct, kw_only=True):
    """`expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret: RFC 6750
    expires_in: int
    refresh_token: str
    user: OwnAnswer


class Part(Struct, kw_only=True):
    """`why` says what is wrong, or how it works without."""

    ok: bool
    why: str | None = None


class Health(Struct, kw_only=True):
    status: Literal["ok"] = "ok"


class Readiness(Struct, kw_only=True):
    ready: bool
    parts: dict[str, Part]


class ViewState(Struct, kw_only=True):
    """How far a view is behind the log."""

    version: int
    position: int
    lag_events: int
    lag_seconds: float


class SystemStatus(Struct, kw_only=True):
    version: str
    log_id: str
    head_position: int
    parts: dict[str, Part]
    views: dict[str, ViewState]


class Accepted(Struct):
    """It was taken on; whether there is anything to do is not said."""

    accepted: bool


class VerifiedEmail(Struct):
    user_id: str
    email: str | None
    email_verified: bool


class SessionAnswer(Struct, kw_only=True):
    """A log-in that lasts. `method`: how it was begun; `last_used_at`: when its tokens were last
    renewed."""

    id: str
    session_id: str
    method: Literal["password", "sign-on"]
    started_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str | None
    address: str | None
    is_current: bool


class SessionList(Page, kw_only=True):
    sessions: list[SessionAnswer]


class ProviderAnswer(Struct):
    """A provider at which people sign on: what to call it, and where a browser begins."""

    name: str
    issuer: str
    login_path: str


class ProviderList(Struct):
    providers: list[ProviderAnswer]


class IdentityAnswer(Struct, kw_only=True):
    """An identity at a provider that leads into an account."""

    id: str
    identity_id: str
    issuer: str
    linked_at: datetime
    last_used_at: datetime | None


class IdentityList(Page, kw_only=True):
    identities: list[IdentityAnswer]


class SecondFactorState(Struct):
    enabled: bool
    recovery_codes_left: int


class BegunSecondFactor(Struct):
    """`otpauth_uri` is what a QR code shows. Both are told once: null where an Idempotency-Key asks
    again."""

    secret: str | None
    otpauth_uri: str | None


class RecoveryCodes(Struct):
    """Each good for one log-in, in the place of a one-time code. They are told once: null where an
    Idempotency-Key asks again."""

    recovery_codes: list[str] | None
