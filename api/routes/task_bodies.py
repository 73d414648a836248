"""Bodies about tasks, and the commands that they stand for."""

from typing import Annotated, Any, ClassVar, Final

from msgspec import UNSET
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.values import DayOrMoment, Description, Priority, Reference, Title
from commands.comment.add_comment import AddComment
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.edit_task import EditTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_parent import SetParent
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask

Fields = Annotated[
    dict[str, Any], Field(description="Custom fields by key, as the project has them.")
]


CommentBeside = Annotated[
    str,
    Field(
        description="Said about the task in the same commit, Markdown; null says nothing.",
        json_schema_extra={"minLength": 1, "maxLength": 20_000},
    ),
]


_EDITED: Final = frozenset({"title", "description", "type", "start_date", "estimate", "fields"})


class NewTask(Body):
    """Without a project it goes to that of the task it stands below, else to your own one, and
    there to you unless somebody is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Write it down",
                    "project_id": "WEB",
                    "priority": "high",
                    "due_date": "2026-03-01",
                    "tags": ["backend"],
                }
            ]
        }
    )

    title: Title
    project_id: Annotated[Reference, Field(description="Id or key.")] | None = None
    task_id: Annotated[Reference, Field(description="A fresh one of your own.")] | None = None
    description: Description | None = None
    status: Reference | None = None
    priority: Priority | None = None
    priority_level: Annotated[int, Field(ge=1, le=10)] | None = None
    type: Reference | None = None
    assignee_id: Reference | None = None
    assignee_ids: list[Reference] | None = None
    due_date: DayOrMoment | None = None
    start_date: DayOrMoment | None = None
    estimate: Annotated[float, Field(json_schema_extra={"minimum": 0})] | None = None
    tags: list[Reference] | None = None
    fields: Fields | None = None
    parent_task_id: Annotated[
        Reference, Field(description="Id or key of the task to stand below.")
    ] | None = None  # fmt: skip
    depends_on: Annotated[
        list[Reference], Field(max_length=1_000, description="Ids or keys of tasks that block it.")
    ] | None = None  # fmt: skip

    def command(
        self, project_id: str | None, parent_task_id: str | None, depends_on: tuple[str, ...]
    ) -> CreateTask:
        """The ids are those of what the body names."""
        return CreateTask(
            title=self.title,
            project_id=project_id,
            task_id=self.task_id,
            description=self.description,
            status=self.status,
            priority=self.priority,
            priority_level=self.priority_level,
            type=self.type,
            assignee_id=self.assignee_id,
            assignee_ids=tuple(self.assignee_ids or ()),
            due_date=self.due_date,
            start_date=self.start_date,
            estimate=self.estimate,
            tags=tuple(self.tags or ()),
            fields=self.fields or {},
            parent_task_id=parent_task_id,
            depends_on=depends_on,
        )


class TaskChanges(Body):
    """A field left out stays, null clears it. What the system sets may be sent back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "in_progress", "description": None}]}
    )

    derived: ClassVar[frozenset[str]] = frozenset(
        {
            "assignee", "assignees", "blocked_by", "blocking", "comment_count", "completed_at",
            "creator", "due_all_day", "is_blocked", "position", "progress", "rank",
            "status_category", "trashed_at", "updated_at", "updated_by", "version",
        }
    )  # fmt: skip
    identity: ClassVar[frozenset[str]] = frozenset(
        {
            "created_at", "creator_id", "external_id", "id", "key", "project_id", "task_id",
            "workspace_id",
        }
    )  # fmt: skip

    title: Title = ""
    description: Description | None = None
    status: Reference = ""
    priority: Priority = ""
    priority_level: Annotated[int, Field(ge=1, le=10)] = 0
    type: Reference = ""
    assignee_id: Reference | None = None
    assignee_ids: list[Reference] | None = None
    due_date: DayOrMoment | None = None
    start_date: DayOrMoment | None = None
    estimate: Annotated[float, Field(json_schema_extra={"minimum": 0})] | None = None
    tags: list[Reference] | None = None
    fields: Fields | None = None
    parent_task_id: Annotated[
        Reference, Field(description="Id or key of the task to stand below; null: at the top.")
    ] | None = None  # fmt: skip
    comment: CommentBeside | None = None

    def commands(self, task_id: str, parent_task_id: str | None = None) -> list[Any]:
        """One for each kind of change; where nothing is named, one that changes nothing. The move
        comes last, since guards ask for what may have been sent along. `parent_task_id` is the id
        of what the body names."""
        given = self.model_fields_set
        found: list[Any] = []
        if "assignee_id" in given or "assignee_ids" in given:
            found.append(
                AssignTask(
                    task_id=task_id,
                    assignee_id=self.assignee_id if "assignee_id" in given else UNSET,
                    assignee_ids=tuple(self.assignee_ids or ())
                    if "assignee_ids" in given
                    else UNSET,
                )
            )
        if "priority" in given or "priority_level" in given:
            found.append(
                SetPriority(
                    task_id=task_id,
                    priority=self.priority if "priority" in given else None,
                    priority_level=self.priority_level if "priority_level" in given else None,
                )
            )
        if "due_date" in given:
            found.append(SetDueDate(task_id=task_id, due_date=self.due_date))
        if "tags" in given:
            found.append(TagTask(task_id=task_id, tags=tuple(self.tags or ())))
        edit = EditTask(
            task_id=task_id,
            title=self.title if "title" in given else UNSET,
            description=self.description if "description" in given else UNSET,
            type=self.type if "type" in given else UNSET,
            start_date=self.start_date if "start_date" in given else UNSET,
            estimate=self.estimate if "estimate" in given else UNSET,
            fields=(self.fields or {}) if "fields" in given else UNSET,
        )
        if not given.isdisjoint(_EDITED):
            found.append(edit)
        if "parent_task_id" in given:
            found.append(SetParent(task_id=task_id, parent_task_id=parent_task_id))
        if self.comment is not None:
            # The first command says what the answer shows, which is the task.
            found = [*(found or [edit]), AddComment(task_id=task_id, text=self.comment)]
        if "status" in given:
            found.append(ChangeStatus(task_id=task_id, status=self.status))
        return found or [edit]


class TaskMove(Body):
    """Where the card goes: a status or a column, directly before or after another card; or another
    project, where it gets the status that is named or the one that corresponds."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "in_progress", "after": "WEB-41"}]}
    )

    status: Reference | None = None
    column_id: Reference | None = None
    before: Annotated[Reference, Field(description="Id or key of a task.")] | None = None
    after: Annotated[Reference, Field(description="Id or key of a task.")] | None = None
    project_id: Annotated[
        Reference, Field(description="Another project of the workspace: the task gets a new key.")
    ] | None = None  # fmt: skip
    comment: CommentBeside | None = None
