"""Which rows the folds look at: those that an event names, and those that these rows name."""

from collections.abc import Iterable
from typing import Any

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.inbox.events import NotificationRead, NotificationSnoozed
from domain.preferences.events import NotificationPreferencesChanged
from domain.project.events import (
    ProjectArchived,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectPrivacyChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectUnarchived,
)
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskDueDateChanged,
    TaskMovedToProject,
    TaskRestored,
    TaskRetitled,
    TaskStatusChanged,
    TaskTrashed,
    TaskUnblocked,
)
from domain.values.recorded import Recorded
from domain.watching.events import TaskMuted, TaskUnmuted, WatchStarted, WatchStopped
from domain.workspace.events import (
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    WorkspaceMemberReactivated,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceTransferred,
)
from projections.projection import Rows

from .rows import CommentRow, TaskRow
from .telling import concerned, reads_of

OF_TASKS = frozenset(
    {
        TaskRetitled,
        TaskStatusChanged,
        TaskDueDateChanged,
        TaskTrashed,
        TaskRestored,
        TaskUnblocked,
    }
)
OF_PROJECTS = frozenset(
    {
        ProjectPrivacyChanged,
        ProjectArchived,
        ProjectUnarchived,
        ProjectMemberRoleChanged,
        ProjectMemberRemoved,
        ProjectTeamAdded,
        ProjectTeamRoleChanged,
        ProjectTeamRemoved,
    }
)
OF_MEMBERS = frozenset(
    {
        WorkspaceMemberRoleChanged,
        WorkspaceMemberSuspended,
        WorkspaceMemberReactivated,
        TeamMemberAdded,
        TeamMemberRemoved,
    }
)


Keys = Iterable[tuple[Any, ...]]


def reads(recorded: Recorded) -> Keys:
    event, stamp = recorded.event, recorded.stamp
    workspace_id, stream = stamp.workspace_id, stamp.stream
    match event:
        case TaskCreated():
            people = (stamp.actor, *event.assignee_ids)
            return (("tasks",), ("projects", event.project_id), *reads_of(workspace_id, people))
        case TaskAssigned():
            return (("tasks", stream), *reads_of(workspace_id, event.assignee_ids))
        case TaskMovedToProject():
            return (("tasks", stream), ("projects", event.project_id))
        case CommentAdded():
            people = (stamp.actor, *event.mentions)
            return (("tasks", event.task_id), *reads_of(workspace_id, people))
        case CommentEdited():
            place = (("tasks", event.task_id), ("comments", stream))
            return (*place, *reads_of(workspace_id, event.mentions))
        case CommentDeleted() | CommentRestored():
            return (("tasks", event.task_id), ("comments", stream))
        case TaskDueDateNeared() | TaskDueDatePassed():
            return (("tasks", event.task_id),)
        case WatchStarted() | WatchStopped() | TaskMuted() | TaskUnmuted():
            return (("tasks", event.task_id), *reads_of(workspace_id, (event.user_id,)))
        case NotificationRead() | NotificationSnoozed():
            return (("notifications", event.notification_id),)
        case NotificationPreferencesChanged():
            return (("people", event.user_id),)
        case ProjectMemberAdded():
            return (("projects", stream), *reads_of(workspace_id, (event.user_id,)))
        case _ if type(event) in OF_TASKS:
            return (("tasks", stream),)
        case _ if type(event) in OF_PROJECTS:
            return (("projects", stream),)
        case WorkspaceTransferred():
            owners = (event.owner_id, event.stepped_down or event.owner_id)
            return [("members", stream, each) for each in owners]
        case TeamDeleted():
            return [("members", stream, each) for each in event.members]
        case _ if type(event) in OF_MEMBERS:
            return (("members", stream, event.user_id),)
        case _:
            return ()


def place_of_task(recorded: Recorded, rows: Rows) -> Keys:
    """The project of the task, for those whom the event names itself."""
    row: TaskRow | None = rows.get("tasks", recorded.stamp.stream)
    return () if row is None else (("projects", row.project_id),)


def all_concerned(recorded: Recorded, rows: Rows) -> Keys:
    """The project of the task, and everybody who may come to hear of it."""
    event: Any = recorded.event
    row: TaskRow | None = rows.get("tasks", getattr(event, "task_id", recorded.stamp.stream))
    if row is None:
        return ()
    people = reads_of(recorded.stamp.workspace_id, concerned(row.news))
    return (("projects", row.project_id), *people)


def those_of_comment(recorded: Recorded, rows: Rows) -> Keys:
    """Whoever comes back with the comment, and the task's project."""
    said: CommentRow | None = rows.get("comments", recorded.stamp.stream)
    row: TaskRow | None = rows.get("tasks", recorded.event.task_id)
    if said is None or row is None:
        return ()
    people = reads_of(recorded.stamp.workspace_id, (said.author_id, *said.mentions))
    return (("projects", row.project_id), *people)
