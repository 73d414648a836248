"""Made pasts of every kind, for properties that hold whatever happened."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from domain.comment.events import CommentDeleted, CommentEdited, CommentRestored
from domain.favourites.events import FavouriteAdded, FavouriteRemoved
from domain.favourites.state import favourites_of
from domain.project.board import Column
from domain.project.events import (
    ProjectArchived,
    ProjectColumnsChanged,
    ProjectDescribed,
    ProjectFieldsChanged,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectRetentionChanged,
    ProjectSettingsChanged,
    ProjectSwimlaneChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectTypesChanged,
    ProjectUnarchived,
    ProjectViewTypeChanged,
    ProjectWorkflowChanged,
)
from domain.project.fields import FieldDefinition
from domain.project.state import Project
from domain.project.types import TaskType
from domain.project.workflow import Status
from domain.reactions.events import ReactionAdded, ReactionRemoved
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskParentChanged,
    TaskPrioritised,
    TaskPurged,
    TaskRanked,
    TaskRecordImported,
    TaskRespaced,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.task.state import Task
from domain.user.events import (
    PersonImported,
    UserEmailChanged,
    UserEmailVerified,
    UserLocaleChanged,
    UserRenamed,
    UserSecondFactorEnabled,
    UserSuspended,
)
from domain.values.ids import graph_of
from domain.values.text import ERASED
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceClosed,
    WorkspaceImported,
    WorkspaceInvitationAccepted,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceRenamed,
    WorkspaceReopened,
    WorkspaceTasksHandedOver,
    WorkspaceTransferred,
)
from tests.projections.history import BEGAN, STATUSES, History, columns, made_id, workflow

USERS = [made_id("user", number) for number in range(1, 4)]
TEAMS = [made_id("team", number) for number in range(1, 3)]
HOSTILE = ('\t"user_1"\t', "\t", '"name":', "\\", '"', "}", "<em>", "ﬁ Straße ÅNGSTRÖM", "日本")

texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), st.sampled_from(HOSTILE)
)
erasable = st.one_of(texts, st.just(ERASED))
moments = st.integers(0, 10**9).map(lambda us: BEGAN + timedelta(microseconds=us))
dates = st.one_of(st.none(), moments)
people = st.lists(st.sampled_from(USERS), max_size=3, unique=True).map(tuple)
tags = st.lists(st.sampled_from(["red", "blue", 'a"b', "it's"]), max_size=3, unique=True).map(tuple)
ranks = st.text("0123456789ABCXYZabcxyz", min_size=1, max_size=6).map(lambda tail: "h" + tail)
values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), texts, st.lists(texts, max_size=2).map(tuple)
)
fields = st.dictionaries(st.sampled_from(["@", "name", "x"]), values, max_size=2)


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> History:
    past = History()
    past.user(1, draw(texts))
    first, second = past.workspace(1, USERS[0]), past.workspace(2, USERS[1])
    past.project(1, first)
    past.project(2, second, key="OPS")
    past.project(3, first, key="NEXT")
    tasks = [
        past.task(number, made_id("proj", 1 + number % 2), title=draw(texts), tags=draw(tags))
        for number in range(1, 7)
    ]
    said: list[str] = []
    for number in range(draw(st.integers(0, most))):
        kind = draw(st.integers(0, 12))
        if kind < 6:
            task_id = draw(st.sampled_from(tasks))
            occurred_at = draw(st.one_of(st.none(), moments))
            event = draw(task_events(past.state_of(task_id), past))
            past.change(task_id, event, occurred_at=occurred_at)
        elif kind < 7:
            said.append(past.comment(number, draw(st.sampled_from(tasks)), draw(texts)))
        elif kind < 8 and said and draw(st.booleans()):
            draw(more_of_comment(past, draw(st.sampled_from(said))))
        elif kind < 8:
            project_id = made_id("proj", draw(st.integers(1, 2)))
            project: Project = past.states[project_id]
            past.record(project.workspace_id, project_id, draw(project_events(project)))
        elif kind < 9:
            workspace_id = draw(st.sampled_from([first, second]))
            past.record(workspace_id, workspace_id, draw(workspace_events()))
        elif kind < 11:
            draw_dependency(draw, past, number)
        elif kind < 12:
            gone = draw(st.sampled_from(tasks))
            if purged(past, gone):
                tasks.remove(gone)
                said = [each for each in said if past.states[each].task_id != gone]
        else:
            user_id = draw(st.sampled_from(USERS))
            past.record("system", user_id, draw(user_events()), user_id)
            if draw(st.booleans()):
                draw(favourite(past, user_id, draw(st.sampled_from(tasks))))
    return past


def purged(past: History, task_id: str) -> bool:
    """Into the trash and out of it for good, where nothing may depend on a task, or ever stood
    below it."""
    above = {getattr(each.event, "parent_task_id", None) for each in past.events}
    if task_id in (made_id("task", 1), made_id("task", 3), *above):
        return False
    if not past.state_of(task_id).trashed:
        past.change(task_id, TaskTrashed())
    past.change(task_id, TaskPurged())
    return True


def draw_dependency(draw: st.DrawFn, past: History, number: int) -> None:
    """A new one between the two tasks of one workspace, or none of those that there are."""
    blocker, blocked = draw(st.permutations([made_id("task", 1), made_id("task", 3)]))
    graph = past.states.get(graph_of(past.state_of(blocker).workspace_id))
    edges = [] if graph is None else list(graph.edges.values())
    if edges and draw(st.booleans()):
        past.free(draw(st.sampled_from(edges)))
    else:
        past.depend(number, blocker, blocked, draw(st.sampled_from(["blocks", "relates"])))


@st.composite
def favourite(draw: st.DrawFn, past: History, user_id: str, task_id: str) -> None:
    """Somebody begins or ends to keep a task at hand."""
    workspace_id = past.state_of(task_id).workspace_id
    kind = draw(st.sampled_from([FavouriteAdded, FavouriteRemoved]))
    event = kind(user_id=user_id, entity_id=task_id)
    past.record(workspace_id, favourites_of(user_id, workspace_id), event, user_id)


@st.composite
def more_of_comment(draw: st.DrawFn, past: History, comment_id: str) -> None:
    """Something more that happens to a comment."""
    comment = past.states[comment_id]
    place = {"task_id": comment.task_id, "project_id": comment.project_id}
    kind = draw(st.sampled_from([CommentEdited, CommentDeleted, ReactionAdded, ReactionRemoved]))
    if kind in (ReactionAdded, ReactionRemoved):
        emoji = draw(st.sampled_from(["\U0001f44d", "\u2764"]))
        past.reaction(comment_id, kind, draw(st.sampled_from(USERS)), emoji)
    elif kind is CommentEdited:
        mentions, was = draw(people), comment.mentions
        text = draw(erasable)
        past.comment_changed(
            comment_id,
            CommentEdited(
                text=text, mentions=mentions, was=comment.text, was_mentions=was, **place
            ),
        )
    elif comment.deleted:
        past.comment_changed(comment_id, CommentRestored(**place))
    else:
        past.comment_changed(comment_id, CommentDeleted(**place))


@st.composite
def task_events(draw: st.DrawFn, task: Task, past: History) -> object:
    project: Project = past.states[task.project_id]
    to = draw(st.sampled_from(project.workflow.statuses))
    choices: list[Any] = [
        TaskRetitled(title=draw(erasable), was=task.title),
        TaskDescribed(description=draw(erasable)),
        TaskAssigned(assignee_ids=draw(people), was=task.assignee_ids),
        TaskPrioritised(priority=draw(st.integers(1, 10)), was=task.priority),
        TaskDueDateChanged(
            due_date=draw(dates),
            due_all_day=draw(st.booleans()),
            was=task.due_date,
            was_all_day=task.due_all_day,
        ),
        TaskStartDateChanged(start_date=draw(dates), was=task.start_date),
        TaskEstimateChanged(estimate=draw(st.sampled_from([None, 1.5, 2.0])), was=task.estimate),
        TaskTypeChanged(type=draw(st.sampled_from(["task", "bug"])), was=task.type),
        TaskTagged(tags=draw(tags), was=task.tags),
        TaskFieldsChanged(fields=draw(fields), was=task.fields),
        TaskFieldsChanged(fields=ERASED, was=ERASED),
        TaskStatusChanged(
            status=to.key,
            category=to.category,
            was=task.status,
            was_category=task.status_category,
            rank=draw(ranks),
        ),
        TaskRanked(rank=draw(ranks), was=task.rank),
        TaskRespaced(rank=draw(ranks), was=task.rank),
        TaskParentChanged(parent_task_id=draw(places(task, past)), was=task.parent_task_id),
        TaskBlocked(blocked_by=(made_id("task", 2),)),
        TaskUnblocked(freed_by=(made_id("task", 2),)),
        TaskTrashed(),
        TaskRestored(),
        TaskRecordImported(
            source="log.xes",
            ordinal=task.imported + 1,
            status=to.name,
            was=draw(st.one_of(st.none(), texts)),
            activity=draw(texts),
            lifecycle=None,
            resource_id=draw(st.one_of(st.none(), st.sampled_from(USERS))),
            resource=None,
            attributes=draw(st.one_of(st.just(ERASED), fields)),
        ),
    ]
    others = [
        each
        for stream, each in past.states.items()
        if stream.startswith("proj_")
        and each.workspace_id == task.workspace_id
        and each.project_id != task.project_id
    ]
    choices += [
        TaskMovedToProject(
            project_id=other.project_id,
            project_key=other.key,
            rank=draw(ranks),
            was_project_id=task.project_id,
            was_project_key=task.project_key,
            was_number=task.number or 0,
            was_status=task.status,
            was_rank=task.rank,
            number=len(past.events),
        )
        for other in others
    ]
    return draw(st.sampled_from(choices))


def places(task: Task, past: History) -> st.SearchStrategy[str | None]:
    """Tasks below which a task may stand, or None: the top."""
    tasks = {name: each for name, each in past.states.items() if name.startswith("task_")}

    def above(task_id: str | None) -> list[str]:
        return [] if task_id is None else [task_id, *above(tasks[task_id].parent_task_id)]

    chosen = [
        name
        for name, each in tasks.items()
        if each.workspace_id == task.workspace_id
        and task.task_id not in above(name)
        and not each.purged
    ]
    return st.sampled_from([None, *chosen])


@st.composite
def project_events(draw: st.DrawFn, project: Project) -> object:
    kept = [status for status in STATUSES if draw(st.booleans())] or list(STATUSES)
    category = draw(st.sampled_from(["in_progress", "done"]))
    statuses = [
        Status(
            key=each.key,
            name=each.name,
            category=category if each.key == "in_review" else each.category,
        )
        for each in kept
    ]
    board = (Column(column_id=made_id("col", 9), name="All", statuses=tuple(s.key for s in kept)),)
    user_id, role = draw(st.sampled_from(USERS)), draw(st.sampled_from(["member", "viewer"]))
    field = FieldDefinition(field_id=made_id("fld", 1), key="x", name=draw(texts), type="text")
    return draw(
        st.sampled_from(
            [
                ProjectRenamed(name=draw(erasable), was=project.name),
                ProjectDescribed(description=draw(texts)),
                ProjectViewTypeChanged(view_type="list", was=project.view_type),
                ProjectPrivacyChanged(is_private=not project.is_private, was=project.is_private),
                ProjectArchived(),
                ProjectUnarchived(),
                ProjectMemberAdded(user_id=user_id, role=role),
                ProjectMemberRoleChanged(user_id=user_id, role=role, was="member"),
                ProjectMemberRemoved(user_id=user_id, was="member"),
                ProjectTeamAdded(team_id=TEAMS[0], role=role),
                ProjectTeamRoleChanged(team_id=TEAMS[0], role=role, was="member"),
                ProjectTeamRemoved(team_id=TEAMS[0], was="member"),
                ProjectOwnerChanged(owner_id=user_id, was=project.owner_id),
                ProjectSettingsChanged(settings={"colour": "#aabbcc"}, was={"colour": None}),
                ProjectWorkflowChanged(
                    workflow=workflow(*statuses), columns=columns(*statuses), was=project.workflow
                ),
                ProjectColumnsChanged(columns=board, was=project.columns),
                ProjectSwimlaneChanged(swimlane="label", was=project.swimlane),
                ProjectFieldsChanged(fields=(field,), was=project.fields),
                ProjectRetentionChanged(trash_days=30, was=project.trash_days),
                ProjectTypesChanged(
                    types=(TaskType(key="name", name=draw(texts), icon="@"),), was=project.types
                ),
            ]
        )
    )


@st.composite
def workspace_events(draw: st.DrawFn) -> object:
    user_id, role = draw(st.sampled_from(USERS)), draw(st.sampled_from(["member", "guest"]))
    team_id = draw(st.sampled_from(TEAMS))
    return draw(
        st.sampled_from(
            [
                WorkspaceRenamed(name=draw(texts), was="before"),
                WorkspaceMemberAdded(user_id=user_id, role=role),
                ServiceAccountAdded(user_id=user_id, role=role),
                WorkspaceMemberRoleChanged(user_id=user_id, role=role, was="member"),
                WorkspaceMemberRemoved(user_id=user_id, was="member"),
                WorkspaceTransferred(
                    owner_id=user_id, was=USERS[0], was_role="member", stepped_down=USERS[0]
                ),
                WorkspaceMemberSuspended(user_id=user_id, role=role),
                WorkspaceMemberReactivated(user_id=user_id, role=role),
                WorkspaceMemberInvited(
                    invitation_id="inv_1", email=draw(erasable), role=role, expires_at=BEGAN
                ),
                WorkspaceInvitationAccepted(invitation_id="inv_1", user_id=user_id, role=role),
                WorkspaceTasksHandedOver(user_id=user_id, to=USERS[0], handed_over=1, left_out=0),
                WorkspaceClosed(),
                WorkspaceReopened(was=BEGAN),
                WorkspaceImported(log_id="log", events=9, link="00" * 32),
                TeamCreated(team_id=team_id, name=draw(texts)),
                TeamRenamed(team_id=team_id, name=draw(erasable), was="before"),
                TeamDeleted(team_id=team_id, was="before", members=(user_id,)),
                TeamMemberAdded(team_id=team_id, user_id=user_id),
                TeamMemberRemoved(team_id=team_id, user_id=user_id),
            ]
        )
    )


@st.composite
def user_events(draw: st.DrawFn) -> object:
    return draw(
        st.sampled_from(
            [
                PersonImported(name=draw(texts), source="log.xes"),
                UserRenamed(name=draw(erasable), was="before"),
                UserEmailVerified(email=draw(erasable)),
                UserEmailChanged(email=draw(erasable), was="before"),
                UserSecondFactorEnabled(),
                UserSuspended(),
                UserLocaleChanged(
                    time_zone="Europe/Berlin", locale="de", was_time_zone="UTC", was_locale="en"
                ),
            ]
        )
    )
