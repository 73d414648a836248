"""What the yardstick takes and answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewProject(Strict):
    name: str = Field(min_length=1, max_length=200)


class Project(BaseModel):
    id: UUID
    name: str
    created_at: datetime


class NewTask(Strict):
    project_id: UUID
    title: str = Field(min_length=1, max_length=500)
    description: str = Field("", max_length=100_000)
    status: str = "todo"
    priority: int = Field(5, ge=1, le=10)
    assignee_id: UUID | None = None
    tags: list[str] = Field(default_factory=list, max_length=50)
    due_date: datetime | None = None


class TaskChange(Strict):
    title: str | None = Field(None, min_length=1, max_length=500)
    description: str | None = Field(None, max_length=100_000)
    status: str | None = None
    priority: int | None = Field(None, ge=1, le=10)


class Task(BaseModel):
    id: UUID
    project_id: UUID
    title: str
    description: str
    status: str
    priority: int
    assignee_id: UUID | None
    assignee_name: str | None
    creator_id: UUID
    creator_name: str
    tags: list[str]
    due_date: datetime | None
    comment_count: int
    created_at: datetime
    updated_at: datetime
    version: int


class TaskPage(BaseModel):
    tasks: list[Task]
    next_cursor: str | None
    has_more: bool


class NewComment(Strict):
    text: str = Field(min_length=1, max_length=20_000)


class Comment(BaseModel):
    id: UUID
    task_id: UUID
    author_id: UUID
    author_name: str
    text: str
    created_at: datetime
