"""The shapes of answers, for the OpenAPI document; the views store them as ready bytes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(description="TypeID", examples=["task_01jd3m5c8ze6fb0nx4q4t6qk7v"])]
Category = Literal["todo", "in_progress", "done", "cancelled"]
PriorityName = Literal["critical", "high", "medium", "low"]
Level = Annotated[int, Field(ge=1, le=10)]
WorkspaceRole = Literal["owner", "admin", "member", "guest", "auditor"]
ProjectRole = Literal["admin", "member", "viewer"]


class Answer(BaseModel):
    """Fields may be added to an answer at any time; none is taken away."""

    model_config = ConfigDict(extra="allow")


class PersonName(Answer):
    user_id: str
    name: str | None


class Person(PersonName):
    avatar_url: str | None = None


class Progress(Answer):
    done: int
    total: int


class Task(Answer):
    id: Id
    task_id: Id
    key: str
    external_id: str | None
    project_id: str
    workspace_id: str
    title: str | None
    description: str | None
    status: str
    status_category: Category
    priority: PriorityName
    priority_level: Level
    type: str
    assignee_id: str | None
    assignee: Person | None
    assignees: list[Person]
    creator_id: str
    creator: PersonName
    updated_by: PersonName
    due_date: datetime | None
    due_all_day: bool
    start_date: datetime | None
    estimate: float | None
    trashed_at: datetime | None
    completed_at: datetime | None
    tags: list[str]
    fields: dict[str, Any]
    parent_task_id: str | None
    progress: Progress
    is_blocked: bool
    blocked_by: list[str]
    blocking: list[str]
    comment_count: int
    rank: str
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class Page(Answer):
    next_cursor: str | None
    has_more: bool


class TaskPage(Page):
    tasks: list[Task]
    total: int | None = None
    total_is_exact: bool | None = None


class Mention(Answer):
    user_id: str
    name: str | None


class Comment(Answer):
    id: Id
    comment_id: Id
    task_id: str
    author: Person
    user_id: str
    text: str | None
    html: str | None
    mentions: list[Mention]
    reply_to: str | None
    reactions: Any
    is_automated: bool
    created_at: datetime
    updated_at: datetime
    version: int


class CommentPage(Page):
    comments: list[Comment]


class Change(Answer):
    field: str
    old_value: Any = None
    new_value: Any = None


class Activity(Answer):
    id: str
    activity_id: str
    task_id: str | None
    entity_type: str
    entity_id: str
    actor: PersonName
    action: str
    changes: Change | None = None
    command_id: str
    reason: str | None = None
    timestamp: datetime
    occurred_at: datetime | None = None
    position: int


class ActivityPage(Page):
    activities: list[Activity]


class Status(Answer):
    key: str
    name: str
    category: Category
    colour: str | None = None


class Transition(Answer):
    model_config = ConfigDict(extra="allow", populate_by_name=True)

    source: str = Field(alias="from")
    to: str
    guards: list[Any] = []


class Workflow(Answer):
    initial: str
    statuses: list[Status]
    transitions: list[Transition]


class Column(Answer):
    column_id: str
    name: str
    statuses: list[str]
    wip_limit: int | None = None
    lane_wip_limit: int | None = None


class Columns(Answer):
    columns: list[Column]


class Project(Answer):
    id: Id
    project_id: Id
    key: str
    workspace_id: str
    name: str | None
    description: str | None
    view_type: Literal["list", "board", "timeline"]
    is_private: bool
    owner: Person
    owner_id: str
    team_ids: list[str]
    settings: dict[str, Any]
    archived: bool
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class ProjectPage(Page):
    projects: list[Project]


class ProjectMember(Answer):
    user_id: str
    name: str | None
    role: ProjectRole
    joined_at: datetime


class ProjectMemberPage(Page):
    members: list[ProjectMember]


class Card(Answer):
    id: Id
    task_id: Id
    key: str
    title: str | None
    status: str
    priority: PriorityName
    priority_level: Level
    assignees: list[Person]
    due_date: datetime | None
    tags: list[str]
    rank: str
    comment_count: int
    progress: Progress
    is_blocked: bool
    version: int


class BoardColumn(Answer):
    column_id: str
    name: str
    statuses: list[str]
    wip_limit: int | None
    count: int
    cards: list[Card]
    next_cursor: str | None


class Board(Answer):
    project: Any
    columns: list[BoardColumn]
    position: int


class Workspace(Answer):
    id: Id
    workspace_id: Id
    name: str | None
    is_personal: bool
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class WorkspacePage(Page):
    workspaces: list[Workspace]


class Member(Answer):
    user_id: str
    name: str | None
    role: WorkspaceRole
    team_ids: list[str]
    joined_at: datetime


class MemberPage(Page):
    members: list[Member]


class Registered(Answer):
    id: Id
    user_id: Id
    username: str
    email: str
    name: str
    default_workspace_id: str
    created_at: datetime


class Profile(Answer):
    id: Id
    user_id: Id
    username: str | None
    name: str | None
    avatar_url: str | None
    time_zone: str
    locale: str
    created_at: datetime


class WorkspaceStanding(Answer):
    workspace_id: str
    role: WorkspaceRole
    team_ids: list[str]


class Myself(Profile):
    email: str | None
    default_workspace_id: str | None
    workspaces: list[WorkspaceStanding]


class Tokens(Answer):
    access_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds")
    refresh_token: str
    user: Profile


class Part(Answer):
    ok: bool
    why: str | None = None


class Readiness(Answer):
    ready: bool
    parts: dict[str, Part]


class Health(Answer):
    status: Literal["ok"]


class ViewState(Answer):
    version: int
    position: int
    lag_events: int
    lag_seconds: float


class SystemStatus(Answer):
    version: str
    log_id: str
    head_position: int
    parts: dict[str, Part]
    views: dict[str, ViewState]
