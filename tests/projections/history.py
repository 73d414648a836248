"""A small made past: events with their stamps, as the log would give them back."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.aggregates import AGGREGATES
from domain.comment.events import CommentAdded
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.dependency_graph.state import Edge
from domain.project.board import Column
from domain.project.events import ProjectCreated
from domain.project.workflow import Status, Transition, Workflow
from domain.reactions.state import reactions_of
from domain.task.decisions import link
from domain.task.events import TaskCreated
from domain.task.state import Task
from domain.user.events import UserRegistered
from domain.values.ids import graph_of
from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from domain.workspace.events import WorkspaceCreated

BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

STATUSES = (
    Status(key="todo", name="To do", category="todo"),
    Status(key="in_progress", name="In progress", category="in_progress"),
    Status(key="in_review", name="In review", category="in_progress"),
    Status(key="done", name="Done", category="done"),
)


def made_id(kind: str, number: int) -> str:
    return f"{kind}_{number:026d}"


def workflow(*statuses: Status) -> Workflow:
    chosen = statuses or STATUSES
    return Workflow(
        initial=chosen[0].key,
        statuses=chosen,
        transitions=tuple(
            Transition(source=a.key, target=b.key) for a, b in itertools.pairwise(chosen)
        ),
    )


def columns(*statuses: Status) -> tuple[Column, ...]:
    return tuple(
        Column(column_id=made_id("col", number), name=status.name, statuses=(status.key,))
        for number, status in enumerate(statuses or STATUSES)
    )


FOLDED = ("task", "proj", "cmt", "graph")


class History:
    """Records events one after the other, a second apart, and folds what `FOLDED` names."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.states: dict[str, Any] = {}
        self._versions: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    @property
    def position(self) -> int:
        return len(self.events)

    def record(
        self,
        workspace_id: str,
        stream: str,
        event: object,
        actor: str = made_id("user", 1),
        *,
        number: int | None = None,
        occurred_at: datetime | None = None,
        recorded_at: datetime | None = None,
        command_id: str | None = None,
        origin: Origin | None = None,
    ) -> Recorded:
        position = len(self.events) + 1
        version = self._versions.get(stream, 0) + 1
        self._versions[stream] = version
        stamp = Stamp(
            workspace_id=workspace_id,
            stream=stream,
            version=version,
            actor=actor,
            recorded_at=recorded_at or BEGAN + timedelta(seconds=position),
            position=position,
            occurred_at=occurred_at,
            number=number,
        )
        recorded = Recorded(
            event,
            f"{type(event).__name__}.v1",
            stamp,
            command_id or f"{position:032x}",
            origin or Origin(actor),
        )
        self.events.append(recorded)
        kind = stream.partition("_")[0]
        if kind in FOLDED:
            self.states[stream] = AGGREGATES[kind].evolve(self.states.get(stream), event, stamp)
        return recorded

    def user(self, number: int, name: str = "Ada Lovelace") -> str:
        user_id = made_id("user", number)
        registered = UserRegistered(
            username=f"user{number}",
            email=f"user{number}@example.org",
            name=name,
            default_workspace_id=made_id("ws", number),
        )
        self.record("system", user_id, registered, user_id)
        return user_id

    def workspace(self, number: int, owner_id: str = made_id("user", 1)) -> str:
        workspace_id = made_id("ws", number)
        created = WorkspaceCreated(name=f"Workspace {number}", owner_id=owner_id)
        self.record(workspace_id, workspace_id, created, owner_id)
        return workspace_id

    def project(
        self,
        number: int,
        workspace_id: str,
        key: str = "WEB",
        statuses: Iterable[Status] = STATUSES,
        owner_id: str = made_id("user", 1),
        is_private: bool = False,
    ) -> str:
        project_id = made_id("proj", number)
        chosen = tuple(statuses)
        created = ProjectCreated(
            key=key,
            name=f"Project {number}",
            description="",
            view_type="board",
            is_private=is_private,
            owner_id=owner_id,
            workflow=workflow(*chosen),
            columns=columns(*chosen),
        )
        self.record(workspace_id, project_id, created, owner_id)
        return project_id

    def task(
        self,
        number: int,
        project_id: str,
        *,
        recorded_at: datetime | None = None,
        actor: str = made_id("user", 1),
        **given: Any,
    ) -> str:
        task_id = made_id("task", number)
        project = self.states[project_id]
        drawn = self._numbers[project_id] = self._numbers.get(project_id, 0) + 1
        details: dict[str, Any] = {
            "title": f"Task {number}",
            "description": "",
            "status": project.workflow.initial,
            "priority": 5,
            "rank": f"h{number:08d}",
            **given,
        }
        categories = {status.key: status.category for status in project.workflow.statuses}
        created = TaskCreated(
            project_id=project_id,
            project_key=project.key,
            status_category=categories.get(details["status"], "todo"),
            **details,
        )
        self.record(
            project.workspace_id,
            task_id,
            created,
            actor,
            number=drawn,
            recorded_at=recorded_at,
        )
        return task_id

    def comment(self, number: int, task_id: str, text: str = "Well said.") -> str:
        comment_id = made_id("cmt", number)
        task = self.state_of(task_id)
        added = CommentAdded(task_id=task_id, project_id=task.project_id, text=text)
        self.record(task.workspace_id, comment_id, added)
        return comment_id

    def comment_changed(self, comment_id: str, event: object, **given: Any) -> Recorded:
        """An event of a comment that was made before."""
        return self.record(self.states[comment_id].workspace_id, comment_id, event, **given)

    def reaction(self, comment_id: str, event_type: type, user_id: str, emoji: str) -> Recorded:
        comment = self.states[comment_id]
        event = event_type(
            comment_id=comment_id,
            task_id=comment.task_id,
            project_id=comment.project_id,
            user_id=user_id,
            emoji=emoji,
        )
        stream = reactions_of(comment_id)
        return self.record(comment.workspace_id, stream, event, user_id)

    def depend(self, number: int, blocker: str, blocked: str, type_: str = "blocks") -> str:
        """A dependency between two tasks, as it is recorded in its graph and in both of them."""
        added = DependencyAdded(
            dependency_id=made_id("dep", number),
            type=type_,
            from_task_id=blocker,
            to_task_id=blocked,
            task_id=blocked,
        )
        self._link(added)
        return added.dependency_id

    def free(self, edge: Edge) -> None:
        """It is removed again."""
        self._link(
            DependencyRemoved(
                dependency_id=edge.dependency_id,
                type=edge.type,
                from_task_id=edge.from_task_id,
                to_task_id=edge.to_task_id,
                task_id=edge.to_task_id,
            )
        )

    def _link(self, event: DependencyAdded | DependencyRemoved) -> None:
        workspace_id = self.state_of(event.from_task_id).workspace_id
        self.record(workspace_id, graph_of(workspace_id), event)
        for task_id, its in link(event):
            self.change(task_id, its)

    def change(self, task_id: str, event: object, **given: Any) -> Recorded:
        """An event of a task that was made before."""
        return self.record(self.state_of(task_id).workspace_id, task_id, event, **given)

    def state_of(self, task_id: str) -> Task:
        task: Task = self.states[task_id]
        return task
