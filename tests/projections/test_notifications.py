"""Who hears of what, in how many notifications, and what their marks make of them."""

import itertools
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.inbox.events import NotificationRead, NotificationSnoozed, NotificationsRead
from domain.inbox.state import inbox_of
from domain.preferences.events import NotificationPreferencesChanged
from domain.preferences.state import TYPES, preferences_of
from domain.project.events import (
    ProjectArchived,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectPrivacyChanged,
    ProjectTeamAdded,
    ProjectUnarchived,
)
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.reminders.state import reminders_of
from domain.task.events import (
    TaskAssigned,
    TaskDueDateChanged,
    TaskMovedToProject,
    TaskPurged,
    TaskRestored,
    TaskRetitled,
    TaskStatusChanged,
    TaskTrashed,
    TaskUnblocked,
)
from domain.values.recorded import Origin
from domain.watching.events import TaskMuted, TaskUnmuted, WatchStarted, WatchStopped
from domain.watching.state import watching_of
from domain.workspace.events import (
    TeamDeleted,
    TeamMemberAdded,
    WorkspaceMemberAdded,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
)
from projections.notifications import NOTIFICATIONS_VIEW
from tests.projections.history import BEGAN, History, made_id
from tests.projections.memory import folded

ANN, BOB, EVE, DAN = (made_id("user", number) for number in range(1, 5))
WS, WEB, NEXT, TASK = made_id("ws", 1), made_id("proj", 1), made_id("proj", 2), made_id("task", 1)
TEAM = made_id("team", 1)
DUE = BEGAN + timedelta(days=3)


class Office(History):
    """Ann's workspace with Bob and Eve in it, and one task of Ann's."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.workspace(1, ANN)
        for each in (BOB, EVE):
            self.joins(each)
        self.project(1, WS)
        self.project(2, WS, key="NEXT")
        self.task(1, WEB, **given)

    def joins(self, user_id: str, role: str = "member") -> None:
        self.record(WS, WS, WorkspaceMemberAdded(user_id=user_id, role=role), ANN)

    def assigned(self, *people: str, actor: str = ANN, **given: Any) -> None:
        was = self.state_of(TASK).assignee_ids
        self.change(TASK, TaskAssigned(assignee_ids=people, was=was), actor=actor, **given)

    def moved(
        self, status: str, actor: str = ANN, category: str = "in_progress", **given: Any
    ) -> None:
        task = self.state_of(TASK)
        event = TaskStatusChanged(
            status=status,
            category=category,
            was=task.status,
            was_category=task.status_category,
            rank="h1",
        )
        self.change(TASK, event, actor=actor, **given)

    def said(self, number: int, actor: str, *mentions: str, **given: Any) -> str:
        comment_id = made_id("cmt", number)
        project_id = self.state_of(TASK).project_id
        added = CommentAdded(task_id=TASK, project_id=project_id, text="Hm.", mentions=mentions)
        self.record(WS, comment_id, added, actor, **given)
        return comment_id

    def decided(self, kind: type, user_id: str) -> None:
        self.record(WS, watching_of(TASK), kind(task_id=TASK, user_id=user_id), user_id)

    def clock(self, kind: type, due: Any = DUE) -> None:
        event = kind(task_id=TASK, project_id=WEB, due_date=due, due_all_day=False)
        self.record(WS, reminders_of(TASK), event, "system")

    def prefers(self, user_id: str, type_: str, wanted: bool, channel: str = "in_app") -> None:
        event = NotificationPreferencesChanged(
            user_id=user_id, preferences={type_: {channel: wanted}}, was={}
        )
        self.record("system", preferences_of(user_id), event, user_id)

    def later(self, seconds: float) -> Any:
        return BEGAN + timedelta(seconds=seconds)

    def rows(self) -> list[dict[str, Any]]:
        """The notifications in the order in which they began."""
        found = folded(NOTIFICATIONS_VIEW, [self.events]).stored["notifications"].values()
        return sorted(found, key=lambda row: (row["position"], row["notification_id"]))

    def heard(self) -> set[tuple[str, str]]:
        """Who heard of what."""
        return {(row["user_id"], row["type"]) for row in self.rows()}


def data(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row["doc"])["data"]
    return found


def test_whoever_is_assigned_hears_of_it_and_nobody_of_what_they_do_themselves() -> None:
    past = Office(assignee_ids=(BOB, ANN))
    past.assigned(ANN, EVE)
    assert past.heard() == {(BOB, "task_assigned"), (EVE, "task_assigned")}
    past.assigned(EVE, BOB, ANN, actor=BOB)
    assert (ANN, "task_assigned") not in past.heard()
    (row,) = (each for each in past.rows() if each["user_id"] == EVE)
    assert json.loads(row["doc"]) == {
        "id": row["notification_id"],
        "notification_id": row["notification_id"],
        "type": "task_assigned",
        "data": {
            "key": "WEB-1",
            "title": "Task 1",
            "count": 1,
            "changes": [
                {
                    "position": 7,
                    "actor": {"user_id": ANN, "name": ANN},
                    "at": "2026-03-01T09:00:07Z",
                }
            ],
        },
        "task_id": TASK,
        "project_id": WEB,
        "workspace_id": WS,
        "actor": {"user_id": ANN, "name": ANN},
        "created_at": "2026-03-01T09:00:07Z",
        "updated_at": "2026-03-01T09:00:07Z",
        "position": 7,
    }


def test_those_who_take_part_hear_of_what_becomes_of_the_task() -> None:
    past = Office(assignee_ids=(BOB,))
    past.decided(WatchStarted, EVE)
    past.moved("in_progress", actor=BOB)
    past.change(TASK, TaskUnblocked(freed_by=(made_id("task", 2),)), actor=BOB)
    past.moved("done", actor=BOB, category="done")
    for kind in ("status_changed", "task_unblocked", "task_completed"):
        assert {user for user, heard in past.heard() if heard == kind} == {ANN, EVE}
    by_type = {row["type"]: row for row in past.rows() if row["user_id"] == EVE}
    assert data(by_type["task_completed"])["from"] == "in_progress"
    assert data(by_type["task_unblocked"])["freed_by"] == [made_id("task", 2)]


def test_one_comment_is_one_notification_for_each_and_whoever_spoke_hears_the_next() -> None:
    past = Office()
    comment_id = past.said(1, BOB, EVE)
    assert past.heard() == {(ANN, "task_commented"), (EVE, "task_mentioned")}
    past.said(2, ANN)
    assert past.heard() >= {(BOB, "task_commented"), (EVE, "task_commented")}
    past.record(WS, comment_id, CommentDeleted(task_id=TASK, project_id=WEB), BOB)
    before = len(past.rows())
    past.moved("in_progress", recorded_at=past.later(500))
    assert len(past.rows()) == before  # Bob and Eve were there for that comment alone
    past.record(WS, comment_id, CommentRestored(task_id=TASK, project_id=WEB), BOB)
    past.moved("in_review", recorded_at=past.later(700))
    assert past.heard() >= {(BOB, "status_changed"), (EVE, "status_changed")}
    edited = CommentEdited(
        task_id=TASK, project_id=WEB, text="Hm!", mentions=(ANN,), was="Hm.", was_mentions=(EVE,)
    )
    past.record(WS, comment_id, edited, BOB)
    assert (ANN, "task_mentioned") in past.heard()


def test_the_clock_tells_those_at_work_and_says_its_part_of_each_date_once() -> None:
    past = Office(assignee_ids=(BOB,), due_date=DUE)
    past.said(1, EVE)

    def left() -> tuple[bool, bool]:
        (row,) = folded(NOTIFICATIONS_VIEW, [past.events]).stored["tasks"].values()
        return row["soon"], row["late"]

    assert left() == (True, True)
    past.clock(TaskDueDateNeared)
    assert left() == (False, True)
    past.clock(TaskDueDatePassed)
    assert left() == (False, False)
    told = {each for each in past.heard() if each[1] in ("task_due_soon", "task_overdue")}
    assert told == set(itertools.product((ANN, BOB), ("task_due_soon", "task_overdue")))
    later = DUE + timedelta(days=1)
    change = TaskDueDateChanged(due_date=later, due_all_day=False, was=DUE, was_all_day=False)
    past.change(TASK, change)
    assert left() == (True, True)
    for event in (TaskTrashed(), TaskRestored()):
        past.change(TASK, event)
        is_back = isinstance(event, TaskRestored)
        assert left() == (is_back, is_back)
    past.moved("done", category="done")
    assert left() == (False, False)


def test_who_wants_none_has_none() -> None:
    past = Office(assignee_ids=(BOB, EVE))
    past.decided(TaskMuted, BOB)
    past.prefers(EVE, "status_changed", False)
    past.prefers(EVE, "task_commented", False, "email")
    past.decided(WatchStopped, ANN)
    past.moved("in_progress", actor=EVE)
    past.moved("in_review", actor=DAN)
    assert past.heard() == {(BOB, "task_assigned"), (EVE, "task_assigned")}
    past.said(1, DAN, BOB, ANN)
    assert past.heard() >= {(EVE, "task_commented"), (ANN, "task_mentioned")}
    assert (BOB, "task_mentioned") not in past.heard()
    past.decided(TaskUnmuted, BOB)
    past.prefers(EVE, "status_changed", True)
    past.moved("todo", actor=DAN, category="todo")
    assert past.heard() >= {(BOB, "status_changed"), (EVE, "status_changed")}


def test_who_may_not_see_it_when_it_happens_never_hears_of_it() -> None:
    past = Office(assignee_ids=(BOB, EVE, DAN))
    assert {user for user, _ in past.heard()} == {BOB, EVE}  # Dan is in no workspace with it
    past.record(WS, WEB, ProjectPrivacyChanged(is_private=True, was=False), ANN)
    past.record(WS, WEB, ProjectMemberAdded(user_id=BOB, role="viewer"), ANN)
    past.record(WS, WEB, ProjectTeamAdded(team_id=TEAM, role="viewer"), ANN)
    past.moved("in_progress")
    assert {user for user, kind in past.heard() if kind == "status_changed"} == {BOB}
    assert (BOB, "project_added") in past.heard()
    past.record(WS, WS, TeamMemberAdded(team_id=TEAM, user_id=EVE), ANN)
    past.moved("in_review")
    assert (EVE, "status_changed") in past.heard()
    past.record(WS, WS, TeamDeleted(team_id=TEAM, was="x", members=(EVE,)), ANN)
    past.record(WS, WEB, ProjectMemberRemoved(user_id=BOB, was="viewer"), ANN)
    before = past.rows()
    past.moved("todo", category="todo", recorded_at=past.later(500))
    assert past.rows() == before
    past.record(WS, WEB, ProjectPrivacyChanged(is_private=False, was=True), ANN)
    past.record(WS, WS, WorkspaceMemberSuspended(user_id=BOB, role="member"), ANN)
    past.record(WS, WS, WorkspaceMemberRemoved(user_id=EVE, was="member"), ANN)
    past.joins(DAN, "auditor")
    past.moved("in_progress", recorded_at=past.later(700))
    past.record(WS, WEB, ProjectArchived(), ANN)
    past.record(WS, WS, WorkspaceMemberReactivated(user_id=BOB, role="member"), ANN)
    past.moved("in_review", recorded_at=past.later(800))
    assert past.rows() == before


def test_an_import_tells_nobody() -> None:
    past = Office()
    past.assigned(BOB, origin=Origin(ANN, via="import"))
    assert past.rows() == []


def test_ten_changes_in_a_minute_are_one_notification_with_what_each_heard() -> None:
    past = Office(assignee_ids=(BOB,))
    past.decided(WatchStarted, EVE)
    first = past.position + 1
    for number in range(10):
        at = past.later(100 + 5 * number)
        past.moved(f"s{number}", actor=BOB if number in (3, 9) else ANN, recorded_at=at)
    rows = {row["user_id"]: row for row in past.rows() if row["type"] == "status_changed"}
    assert {user: data(row)["count"] for user, row in rows.items()} == {ANN: 2, BOB: 8, EVE: 10}
    assert {row["position"] for row in rows.values()} == {first}
    assert rows[EVE]["last"] == past.position
    assert rows[BOB]["last"] == past.position - 1
    assert [each["to"] for each in data(rows[ANN])["changes"]] == ["s9", "s3"]
    assert data(rows[BOB])["to"] == "s8"
    past.moved("next", recorded_at=past.later(160))
    assert len([row for row in past.rows() if row["type"] == "status_changed"]) == 5


def test_what_is_read_is_read_until_more_comes_into_it() -> None:
    past = Office()
    past.decided(WatchStarted, BOB)
    past.moved("in_progress", recorded_at=past.later(100))
    (row,) = past.rows()

    def marked(event: object, user_id: str = BOB) -> dict[str, Any]:
        past.record(WS, inbox_of(user_id, WS), event, user_id)
        (found,) = past.rows()
        return found

    name = row["notification_id"]
    seen = NotificationRead(notification_id=name, user_id=BOB, upto=row["last"])
    early = NotificationRead(notification_id=name, user_id=BOB, upto=row["last"] - 1)
    stranger = NotificationRead(notification_id=name, user_id=EVE, upto=row["last"])
    assert not marked(early)["is_read"]
    assert not marked(stranger, EVE)["is_read"]
    assert marked(seen)["is_read"]
    snoozed = NotificationSnoozed(notification_id=name, user_id=BOB, until=DUE, was=None)
    assert marked(snoozed)["snoozed_until"] == DUE
    past.moved("in_review", recorded_at=past.later(120))
    (row,) = past.rows()
    assert (row["is_read"], row["snoozed_until"], data(row)["count"]) == (False, None, 2)
    past.record(WS, inbox_of(BOB, WS), NotificationsRead(user_id=BOB, upto=8, was=0), BOB)
    stored = folded(NOTIFICATIONS_VIEW, [past.events]).stored["inboxes"]
    assert stored[BOB, WS]["read_upto"] == 8


@st.composite
def pasts(draw: st.DrawFn) -> Office:
    """Everything that makes, withholds, bundles and marks notifications, in any order."""
    past = Office(assignee_ids=(BOB,), due_date=draw(st.sampled_from([None, DUE])))
    person, role = st.sampled_from([ANN, BOB, EVE, DAN]), st.sampled_from(["member", "guest"])
    heard: list[str] = []
    comments: list[str] = []
    at = 100.0
    for number in range(draw(st.integers(0, 30))):
        at += draw(st.sampled_from([0, 5, 59, 60, 200]))
        who, other = draw(person), draw(person)
        when = past.later(at)
        match draw(st.integers(0, 14)):
            case 0 | 1:
                past.moved(draw(st.sampled_from(["a", "b"])), actor=who, recorded_at=when)
            case 2:
                past.assigned(*dict.fromkeys((who, other)), actor=draw(person), recorded_at=when)
            case 3:
                comments.append(past.said(number, who, other, recorded_at=when))
            case 4 if comments:
                kind = draw(st.sampled_from([CommentDeleted, CommentRestored]))
                event = kind(task_id=TASK, project_id=WEB)
                past.record(WS, draw(st.sampled_from(comments)), event, who, recorded_at=when)
            case 5 if comments:
                edited = CommentEdited(
                    task_id=TASK,
                    project_id=WEB,
                    text="",
                    mentions=(who, other),
                    was="",
                    was_mentions=draw(st.sampled_from([(), (who,)])),
                )
                past.record(WS, draw(st.sampled_from(comments)), edited, who, recorded_at=when)
            case 6:
                choices = [WatchStarted, WatchStopped, TaskMuted, TaskUnmuted]
                past.decided(draw(st.sampled_from(choices)), who)
            case 7:
                past.clock(draw(st.sampled_from([TaskDueDateNeared, TaskDueDatePassed])))
            case 8:
                past.prefers(who, draw(st.sampled_from(TYPES)), draw(st.booleans()))
            case 9:
                event = draw(
                    st.sampled_from(
                        [
                            WorkspaceMemberAdded(user_id=who, role=draw(role)),
                            WorkspaceMemberRoleChanged(user_id=who, role=draw(role), was="x"),
                            WorkspaceMemberRemoved(user_id=who, was="member"),
                            WorkspaceMemberSuspended(user_id=who, role="member"),
                            TeamMemberAdded(team_id=TEAM, user_id=who),
                        ]
                    )
                )
                past.record(WS, WS, event, other, recorded_at=when)
            case 10:
                event = draw(
                    st.sampled_from(
                        [
                            ProjectPrivacyChanged(is_private=draw(st.booleans()), was=False),
                            ProjectMemberAdded(user_id=who, role="member"),
                            ProjectMemberRemoved(user_id=who, was="member"),
                            ProjectTeamAdded(team_id=TEAM, role="member"),
                            ProjectArchived(),
                            ProjectUnarchived(),
                        ]
                    )
                )
                past.record(WS, draw(st.sampled_from([WEB, NEXT])), event, other, recorded_at=when)
            case 11:
                task = past.state_of(TASK)
                to = NEXT if task.project_id == WEB else WEB
                event = TaskMovedToProject(
                    project_id=to,
                    project_key="X",
                    rank="h1",
                    was_project_id=task.project_id,
                    was_project_key="Y",
                    was_number=1,
                    was_status="a",
                    was_rank="h1",
                    number=number,
                )
                past.change(TASK, event, actor=who, recorded_at=when)
            case 12:
                title = TaskRetitled(title=f"Title {number}", was="x")
                past.change(TASK, title, actor=who, recorded_at=when)
            case _:
                heard = [row["notification_id"] for row in past.rows()]
                if heard:
                    _mark(draw, past, draw(st.sampled_from(heard)))
    return past


def _mark(draw: st.DrawFn, past: Office, name: str) -> None:
    (row,) = (each for each in past.rows() if each["notification_id"] == name)
    user_id = row["user_id"]
    event = draw(
        st.sampled_from(
            [
                NotificationRead(notification_id=name, user_id=user_id, upto=row["last"]),
                NotificationSnoozed(notification_id=name, user_id=user_id, until=DUE, was=None),
                NotificationsRead(user_id=user_id, upto=past.position, was=0),
            ]
        )
    )
    past.record(WS, inbox_of(user_id, WS), event, user_id)


def _in_batches(past: Office, cuts: Iterable[int]) -> Any:
    edges = [0, *sorted(cuts), len(past.events)]
    batches = [past.events[a:b] for a, b in itertools.pairwise(edges)]
    return folded(NOTIFICATIONS_VIEW, batches).stored


@given(past=pasts(), cuts=st.lists(st.integers(0, 45), max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_however_events_come_the_lists_are_the_same(past: Office, cuts: list[int]) -> None:
    one_by_one = _in_batches(past, range(len(past.events)))
    assert _in_batches(past, ()) == _in_batches(past, cuts) == one_by_one
    actors = {each.position: each.stamp.actor for each in past.events}
    for row in one_by_one["notifications"].values():
        doc = json.loads(row["doc"])
        assert actors[row["last"]] != row["user_id"]
        assert all(each["actor"]["user_id"] != row["user_id"] for each in doc["data"]["changes"])


def test_what_was_told_of_a_task_goes_with_it_and_nothing_else() -> None:
    past = Office(assignee_ids=(BOB,))
    past.moved("in_progress", actor=EVE)
    past.record(WS, NEXT, ProjectMemberAdded(user_id=EVE, role="viewer"), ANN)
    past.task(2, WEB, assignee_ids=(EVE,))
    past.change(TASK, TaskTrashed())
    assert {row["task_id"] for row in past.rows()} == {TASK, None, made_id("task", 2)}
    past.change(TASK, TaskPurged())
    assert past.heard() == {(EVE, "project_added"), (EVE, "task_assigned")}
    assert TASK not in str(folded(NOTIFICATIONS_VIEW, [past.events]).stored)
