"""Which events somebody hears of, and what each of them changes in the lists."""

from collections.abc import Iterable
from datetime import datetime

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.inbox.events import NotificationRead, NotificationSnoozed, NotificationsRead
from domain.preferences.events import NotificationPreferencesChanged
from domain.preferences.state import IN_APP
from domain.project.events import (
    ProjectCreated,
    ProjectMemberAdded,
)
from domain.project.workflow import FINISHED
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskDueDateChanged,
    TaskMovedToProject,
    TaskPurged,
    TaskRestored,
    TaskRetitled,
    TaskStatusChanged,
    TaskTrashed,
    TaskUnblocked,
)
from domain.values.recorded import Recorded
from domain.values.text import readable
from domain.watching.events import TaskMuted, TaskUnmuted, WatchStarted, WatchStopped
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    WorkspaceCreated,
    WorkspaceMemberAdded,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceTransferred,
)
from projections.projection import Projection, Rows, Scan, drawn_by

from . import access
from .bundles import OTHER_TASKS
from .reads import OF_PROJECTS, OF_TASKS, all_concerned, place_of_task, reads, those_of_comment
from .rows import (
    COMMENTS,
    INBOXES,
    MEMBERS,
    MOVED,
    NOTIFICATIONS,
    PEOPLE,
    PROJECTS,
    TASKS,
    CommentRow,
    InboxRow,
    MovedRow,
    News,
    NotificationRow,
    PersonRow,
    TaskRow,
    pack_project,
    pack_task,
    write_notification,
)
from .telling import (
    MOST_WHO_SPOKE,
    tell,
    tell_of_project,
    those_at_work,
    watchers,
)


def _task_created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    stamp = recorded.stamp
    row = TaskRow(stamp.stream, stamp.workspace_id, event.project_id, event.due_date, False, False)
    row.unpacked = News(
        f"{event.project_key}-{drawn_by(recorded)}",
        readable(event.title),
        stamp.actor,
        list(event.assignee_ids),
        event.status_category not in FINISHED,
    )
    _reckon(row)
    rows.add("tasks", row)
    tell(recorded, rows, row, "task_assigned", event.assignee_ids, {}, apart=True)


def _task_changed(recorded: Recorded, rows: Rows) -> None:
    row: TaskRow | None = rows.get("tasks", recorded.stamp.stream)
    if row is None:
        return
    news = row.news
    match recorded.event:
        case TaskRetitled(title=title):
            news.title = readable(title)
        case TaskAssigned(assignee_ids=assignee_ids, was=was):
            news.assignee_ids = list(assignee_ids)
            new = [each for each in assignee_ids if each not in was]
            tell(recorded, rows, row, "task_assigned", new, {}, apart=True)
        case TaskStatusChanged() as event:
            news.is_open = event.category not in FINISHED
            is_done = event.category == "done" and event.was_category != "done"
            type_ = "task_completed" if is_done else "status_changed"
            moved = {"from": event.was, "to": event.status}
            tell(recorded, rows, row, type_, watchers(news), moved)
        case TaskDueDateChanged(due_date=due_date):
            row.due_at = due_date
        case TaskMovedToProject() as event:
            row.project_id = event.project_id
            news.key = f"{event.project_key}-{drawn_by(recorded)}"
            rows.put("moved", MovedRow(row.task_id, row.workspace_id, event.project_id))
        case TaskTrashed():
            news.is_trashed = True
        case TaskRestored():
            news.is_trashed = False
        case TaskUnblocked(freed_by=freed_by):
            freed = {OTHER_TASKS: list(freed_by)}
            tell(recorded, rows, row, "task_unblocked", watchers(news), freed)
    _reckon(row)
    rows.put("tasks", row)


def _task_purged(recorded: Recorded, rows: Rows) -> None:
    """Nobody hears of it any more, nor that they ever did."""
    task_id = recorded.stamp.stream
    rows.delete("tasks", task_id)
    rows.delete("moved", task_id)
    for row in rows.scan("notifications", "task_id", task_id):
        rows.delete("notifications", row.notification_id)


def _told_of_task(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("notifications", "task_id", recorded.stamp.stream),)


def _due_date_said(recorded: Recorded, rows: Rows) -> None:
    event: TaskDueDateNeared | TaskDueDatePassed = recorded.event
    row: TaskRow | None = rows.get("tasks", event.task_id)
    if row is None:
        return
    news = row.news
    told = {"due_date": _written(event.due_date), "due_all_day": event.due_all_day}
    if isinstance(event, TaskDueDateNeared):
        news.said_soon = event.due_date
        tell(recorded, rows, row, "task_due_soon", those_at_work(news), told)
    else:
        news.said_late = event.due_date
        tell(recorded, rows, row, "task_overdue", those_at_work(news), told)
    _reckon(row)
    rows.put("tasks", row)


def _reckon(row: TaskRow) -> None:
    """Whether there is still something to be said of its due date."""
    news, due = row.news, row.due_at
    row.late = due is not None and news.is_open and not news.is_trashed and due != news.said_late
    row.soon = row.late and due != news.said_soon


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _decided(recorded: Recorded, rows: Rows) -> None:
    """What somebody wants to hear of one task."""
    row: TaskRow | None = rows.get("tasks", recorded.event.task_id)
    if row is None:
        return
    news, user_id = row.news, recorded.event.user_id
    match recorded.event:
        case WatchStarted():
            news.chosen[user_id] = True
        case WatchStopped():
            news.chosen[user_id] = False
        case TaskMuted():
            news.muted = [*(each for each in news.muted if each != user_id), user_id]
        case TaskUnmuted():
            news.muted = [each for each in news.muted if each != user_id]
    rows.put("tasks", row)


def _comment_added(recorded: Recorded, rows: Rows) -> None:
    event: CommentAdded = recorded.event
    stamp = recorded.stamp
    said = CommentRow(stamp.stream, stamp.workspace_id, stamp.actor, list(event.mentions))
    rows.add("comments", said)
    row: TaskRow | None = rows.get("tasks", event.task_id)
    if row is None:
        return
    told = {"comment_id": stamp.stream}
    others = [each for each in watchers(row.news) if each not in event.mentions]
    tell(recorded, rows, row, "task_mentioned", event.mentions, told, apart=True)
    tell(recorded, rows, row, "task_commented", others, told)
    _take_part(row, said, 1)
    rows.put("tasks", row)


def _comment_edited(recorded: Recorded, rows: Rows) -> None:
    event: CommentEdited = recorded.event
    said: CommentRow | None = rows.get("comments", recorded.stamp.stream)
    row: TaskRow | None = rows.get("tasks", event.task_id)
    if said is None or row is None:
        return
    new = [each for each in event.mentions if each not in event.was_mentions]
    told = {"comment_id": recorded.stamp.stream}
    tell(recorded, rows, row, "task_mentioned", new, told, apart=True)
    if not said.deleted:
        _take_part(row, said, -1)
    said.mentions = list(event.mentions)
    if not said.deleted:
        _take_part(row, said, 1)
    rows.put("comments", said)
    rows.put("tasks", row)


def _comment_gone_or_back(recorded: Recorded, rows: Rows) -> None:
    event: CommentDeleted | CommentRestored = recorded.event
    said: CommentRow | None = rows.get("comments", recorded.stamp.stream)
    row: TaskRow | None = rows.get("tasks", event.task_id)
    is_gone = isinstance(event, CommentDeleted)
    if said is None or row is None or said.deleted == is_gone:
        return
    said.deleted = is_gone
    rows.put("comments", said)
    _take_part(row, said, -1 if is_gone else 1)
    rows.put("tasks", row)


def _take_part(row: TaskRow, said: CommentRow, by: int) -> None:
    spoke = row.news.spoke
    for each in (said.author_id, *said.mentions):
        times = spoke.get(each, 0) + by
        if times <= 0:
            spoke.pop(each, None)
        elif each in spoke or len(spoke) < MOST_WHO_SPOKE:
            spoke[each] = times


def _project_member_added(recorded: Recorded, rows: Rows) -> None:
    access.project_changed(recorded, rows)
    event: ProjectMemberAdded = recorded.event
    tell_of_project(recorded, rows, event.user_id, "project_added", {"role": event.role})


def _preferences_changed(recorded: Recorded, rows: Rows) -> None:
    event: NotificationPreferencesChanged = recorded.event
    row: PersonRow = rows.get("people", event.user_id) or PersonRow(event.user_id, [])
    chosen = {
        type_: channels[IN_APP]
        for type_, channels in event.preferences.items()
        if IN_APP in channels
    }
    kept = {each for each in row.off if each not in chosen}
    row.off = sorted(kept.union(each for each, wanted in chosen.items() if not wanted))
    rows.put("people", row)


def _read(recorded: Recorded, rows: Rows) -> None:
    event: NotificationRead = recorded.event
    row: NotificationRow | None = rows.get("notifications", event.notification_id)
    if row is not None and row.user_id == event.user_id and row.last <= event.upto:
        row.is_read = True
        rows.put("notifications", row)


def _snoozed(recorded: Recorded, rows: Rows) -> None:
    event: NotificationSnoozed = recorded.event
    row: NotificationRow | None = rows.get("notifications", event.notification_id)
    if row is not None and row.user_id == event.user_id:
        row.snoozed_until = event.until
        rows.put("notifications", row)


def _all_read(recorded: Recorded, rows: Rows) -> None:
    event: NotificationsRead = recorded.event
    rows.put("inboxes", InboxRow(event.user_id, recorded.stamp.workspace_id, event.upto))


NOTIFICATIONS_VIEW = Projection(
    name="notifications",
    version=3,
    tables=(TASKS, MOVED, COMMENTS, PROJECTS, MEMBERS, PEOPLE, INBOXES, NOTIFICATIONS),
    folds={
        TaskCreated: _task_created,
        TaskAssigned: _task_changed,
        TaskMovedToProject: _task_changed,
        **dict.fromkeys(OF_TASKS, _task_changed),
        TaskPurged: _task_purged,
        TaskDueDateNeared: _due_date_said,
        TaskDueDatePassed: _due_date_said,
        **dict.fromkeys((WatchStarted, WatchStopped, TaskMuted, TaskUnmuted), _decided),
        CommentAdded: _comment_added,
        CommentEdited: _comment_edited,
        CommentDeleted: _comment_gone_or_back,
        CommentRestored: _comment_gone_or_back,
        WorkspaceCreated: access.workspace_created,
        WorkspaceMemberAdded: access.member_added,
        ServiceAccountAdded: access.member_added,
        WorkspaceMemberRemoved: access.member_removed,
        WorkspaceMemberRoleChanged: access.member_role_changed,
        WorkspaceMemberSuspended: access.member_suspended,
        WorkspaceMemberReactivated: access.member_suspended,
        WorkspaceTransferred: access.transferred,
        TeamMemberAdded: access.team_member_added,
        TeamMemberRemoved: access.team_members_gone,
        TeamDeleted: access.team_members_gone,
        ProjectCreated: access.project_created,
        ProjectMemberAdded: _project_member_added,
        **dict.fromkeys(OF_PROJECTS, access.project_changed),
        NotificationPreferencesChanged: _preferences_changed,
        NotificationRead: _read,
        NotificationSnoozed: _snoozed,
        NotificationsRead: _all_read,
    },
    reads=reads,
    scans={TaskPurged: _told_of_task},
    further={
        TaskAssigned: place_of_task,
        TaskStatusChanged: all_concerned,
        TaskUnblocked: all_concerned,
        TaskDueDateNeared: all_concerned,
        TaskDueDatePassed: all_concerned,
        CommentAdded: all_concerned,
        CommentEdited: those_of_comment,
        CommentRestored: those_of_comment,
    },
    finish={
        "tasks": pack_task,
        "projects": pack_project,
        "notifications": write_notification,
    },
    unread={
        TaskCreated: frozenset({"description", "fields", "external_id"}),
        TaskRetitled: frozenset({"was"}),
        CommentAdded: frozenset({"text"}),
        CommentEdited: frozenset({"text", "was"}),
    },
)
