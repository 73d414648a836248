"""What people do all day, as commits: projects, tasks that come, change and are talked about."""

import itertools
import os
import random
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime

from commands.commit import Commit, NewEvent
from domain.comment.events import CommentAdded
from domain.project.board import Column
from domain.project.events import ProjectCreated
from domain.project.workflow import DEFAULT_WORKFLOW
from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskPrioritised,
    TaskRetitled,
    TaskStatusChanged,
)
from domain.user.events import UserRegistered
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.rank import fresh_rank
from domain.values.recorded import Origin
from domain.workspace.events import WorkspaceCreated
from infra.ids import derived_id, new_id

_SENTENCE = (
    "release invoice login search export customer server queue upgrade report budget contract "
    "design review travel meeting backup password printer network mobile screen colour address"
)
_WORDS = _SENTENCE.split()
AT_ONCE = 256
_OPEN_TASKS = 2_000


class Work:
    """An endless, seeded day: so many of ten events make a task, the others change one of the
    last thousands, or comment on it. One commit an event, as over HTTP; of any 256 commits in a
    row no two are on one stream, so that they may be appended at once. Of ten new tasks
    `below_of_ten` stand below another one of their workspace."""

    def __init__(
        self, seed: int, *, made_of_ten: int = 4, projects: int = 50, below_of_ten: int = 0
    ) -> None:
        self._chance = random.Random(seed)
        self._below = below_of_ten / 10
        self._made = made_of_ten / 10
        self._busy: deque[str] = deque(maxlen=AT_ONCE)
        self._users = [new_id("user") for _ in range(20)]
        # Ids decide which events one of several builders takes: each run of a seed has the same.
        self._workspaces = [derived_id("ws", b"", f"{seed}", f"{number}") for number in range(5)]
        self._projects = [
            (new_id("proj"), f"P{number}", self._workspaces[number % 5])
            for number in range(projects)
        ]
        self._tasks: list[tuple[str, str, str, str]] = []
        self._versions: dict[str, int] = {}

    def beginning(self) -> Iterator[Commit]:
        """The people, workspaces and projects that the rest happens in."""
        for number, user in enumerate(self._users):
            yield self._commit(
                user,
                SYSTEM_WORKSPACE,
                user,
                UserRegistered(
                    username=f"user{number}",
                    email=f"user{number}@example.org",
                    name=f"Person {number}",
                    default_workspace_id=self._workspaces[number % 5],
                ),
            )
        for number, workspace in enumerate(self._workspaces):
            owner = self._users[number]
            event = WorkspaceCreated(name=f"Workspace {number}", owner_id=owner)
            yield self._commit(owner, workspace, workspace, event)
        columns = tuple(
            Column(column_id=f"col_{status.key}", name=status.name, statuses=(status.key,))
            for status in DEFAULT_WORKFLOW.statuses
        )
        for project, key, workspace in self._projects:
            event = ProjectCreated(
                key=key,
                name=f"Project {key}",
                description="",
                view_type="board",
                is_private=False,
                owner_id=self._users[0],
                workflow=DEFAULT_WORKFLOW,
                columns=columns,
            )
            yield self._commit(self._users[0], workspace, project, event)

    def someday(self, commits: int) -> Iterator[Commit]:
        """So many of a day, which may only be appended one after another."""
        self._busy = deque(maxlen=1)
        return itertools.islice(self.day(), commits)

    def day(self) -> Iterator[Commit]:
        chance = self._chance
        while True:
            if len(self._tasks) < 2 * len(self._busy) or chance.random() < self._made:
                yield self._created()
                continue
            task = chance.choice(self._tasks[-_OPEN_TASKS:])
            if task[0] not in self._busy:
                yield self._changed(*task)

    def _created(self) -> Commit:
        chance = self._chance
        project, key, workspace = chance.choice(self._projects)
        task = new_id("task")
        parent = self._parent(workspace) if self._below else None
        self._tasks.append((task, project, workspace, "todo"))
        event = TaskCreated(
            project_id=project,
            project_key=key,
            title=self._text(6),
            description=self._text(40),
            status="todo",
            status_category="todo",
            priority=chance.randrange(1, 11),
            rank=fresh_rank(datetime.now(UTC), f"{chance.randrange(10**6):06}1"),
            assignee_ids=(chance.choice(self._users),),
            tags=tuple(chance.sample(_WORDS, 2)),
            parent_task_id=parent,
        )
        return self._commit(
            chance.choice(self._users), workspace, task, event, draws=f"task-number:{project}"
        )

    def _parent(self, workspace: str) -> str | None:
        if self._chance.random() >= self._below:
            return None
        near = [task for task, _, where, _ in self._tasks[-50:] if where == workspace]
        return self._chance.choice(near) if near else None

    def _changed(self, task: str, project: str, workspace: str, status: str) -> Commit:
        chance = self._chance
        actor = chance.choice(self._users)
        kind = chance.randrange(6)
        if kind == 0:
            comment = new_id("cmt")
            said = CommentAdded(task_id=task, project_id=project, text=self._text(25))
            return self._commit(actor, workspace, comment, said)
        event: object
        if kind == 1:
            event = TaskRetitled(title=self._text(6), was="")
        elif kind == 2:
            event = TaskAssigned(assignee_ids=(chance.choice(self._users),), was=())
        elif kind == 3:
            event = TaskPrioritised(priority=chance.randrange(1, 11), was=5)
        else:
            to = chance.choice(DEFAULT_WORKFLOW.statuses)
            event = TaskStatusChanged(
                status=to.key,
                category=to.category,
                was=status,
                was_category="todo",
                rank=fresh_rank(datetime.now(UTC), f"{chance.randrange(10**6):06}1"),
            )
        return self._commit(actor, workspace, task, event)

    def _commit(
        self, actor: str, workspace: str, stream: str, event: object, draws: str | None = None
    ) -> Commit:
        version = self._versions.get(stream, 0)
        self._versions[stream] = version + 1
        self._busy.append(stream)
        return Commit(
            command_id=os.urandom(16),
            workspace_id=workspace,
            main_stream=stream,
            origin=Origin(actor=actor),
            events=(NewEvent(workspace, stream, event, draws=draws),),
            expected={stream: version},
        )

    def _text(self, words: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=words)).capitalize()
