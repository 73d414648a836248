"""A large company's log in the shape of real use: who works where, and what became of its tasks.

100 to 500 tasks a project; 3 to 5 projects a person; 40 of 100 tasks open; 5 comments for a tenth
of them; a tenth waits for another; a fifth stands below one, in twos and threes. That is about
three events a task.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate

from commands.commit import Commit, NewEvent
from domain.comment.events import CommentAdded
from domain.dependency_graph.events import DependencyAdded
from domain.project.board import Column
from domain.project.events import ProjectCreated
from domain.project.workflow import DEFAULT_WORKFLOW
from domain.task.events import TaskCreated, TaskStatusChanged
from domain.user.events import UserRegistered
from domain.values.ids import SYSTEM_WORKSPACE, graph_of
from domain.values.rank import fresh_rank
from domain.values.recorded import Origin
from domain.workspace.events import WorkspaceCreated, WorkspaceMemberAdded
from infra.ids import new_id

TASKS_A_PERSON = 100
PEOPLE_A_WORKSPACE = 50

_SENTENCE = (
    "release invoice login search export customer server queue upgrade report budget contract "
    "design review travel meeting backup password printer network mobile screen colour address"
)
_WORDS = _SENTENCE.split()
_VOCABULARY = 4_000
_COLUMNS = tuple(
    Column(column_id=f"col_{status.key}", name=status.name, statuses=(status.key,))
    for status in DEFAULT_WORKFLOW.statuses
)
_DONE = (("in_progress", "in_progress"), ("in_review", "in_progress"), ("done", "done"))


def _vocabulary() -> list[str]:
    """The most frequent first: of words that somebody knows a few, the others made."""
    chance = random.Random(1)
    syllables = [first + last for first in "bdfgklmnprstvw" for last in ("a", "en", "i", "or", "u")]
    words = dict.fromkeys(_WORDS)
    while len(words) < _VOCABULARY:
        words["".join(chance.choices(syllables, k=chance.choice((2, 3, 4))))] = None
    return list(words)


# As often as in a language (Zipf and Mandelbrot): the first in most texts, the last in few of a
# thousand.
VOCABULARY = _vocabulary()
_AS_OFTEN = list(accumulate(1 / (rank + 2.7) for rank in range(1, _VOCABULARY + 1)))


@dataclass(slots=True)
class Team:
    """A project, who works in it, and its tasks so far."""

    project_id: str
    key: str
    workspace_id: str
    people: Sequence[str]
    size: int
    task_ids: list[str] = field(default_factory=list)


class Company:
    """Seeded: the same number gives the same shape, but for ids and times."""

    def __init__(self, seed: int, tasks: int, *, workspaces: int | None = None) -> None:
        self._chance = random.Random(seed)
        self._versions: dict[str, int] = {}
        people = max(PEOPLE_A_WORKSPACE, tasks // TASKS_A_PERSON)
        self.workspaces = {
            new_id("ws"): [new_id("user") for _ in range(PEOPLE_A_WORKSPACE)]
            for _ in range(workspaces or people // PEOPLE_A_WORKSPACE)
        }
        self.teams = list(self._teams(tasks))

    def version(self, stream: str) -> int:
        """How many events a stream has by now."""
        return self._versions.get(stream, 0)

    def neighbours(self) -> list[Team]:
        """The teams of one workspace."""
        workspace_id = self.teams[0].workspace_id
        return [team for team in self.teams if team.workspace_id == workspace_id]

    def beginning(self) -> Iterator[Commit]:
        """People, workspaces and projects; each commit may wait for those before it."""
        for workspace_id, people in self.workspaces.items():
            for number, user_id in enumerate(people):
                name = f"{user_id[-12:]}"
                registered = UserRegistered(
                    username=name,
                    email=f"{name}@example.org",
                    name=f"Person {number}",
                    default_workspace_id=workspace_id,
                )
                yield self._commit(user_id, SYSTEM_WORKSPACE, [(user_id, registered)])
            begun = WorkspaceCreated(name=f"Workspace {workspace_id[-4:]}", owner_id=people[0])
            joined = [WorkspaceMemberAdded(user_id=each, role="member") for each in people[1:]]
            events = [(workspace_id, each) for each in (begun, *joined)]
            yield self._commit(people[0], workspace_id, events)
        for team in self.teams:
            made = ProjectCreated(
                key=team.key,
                name=f"Project {team.key}",
                description="",
                view_type="board",
                is_private=False,
                owner_id=team.people[0],
                workflow=DEFAULT_WORKFLOW,
                columns=_COLUMNS,
            )
            yield self._commit(team.people[0], team.workspace_id, [(team.project_id, made)])

    def tasks(self) -> Iterator[Commit]:
        """All tasks with what was done and said; no two commits touch one stream. One below another
        comes after it, and nothing comes below that one."""
        for team in self.teams:
            below: list[str] = []
            for _ in range(team.size):
                parent = below.pop() if below else None
                task_id = new_id("task")
                if parent is None and self._chance.random() < 0.08:
                    below = [task_id] * self._chance.choice((2, 3))
                team.task_ids.append(task_id)
                yield self._task(team, task_id, parent)

    def dependencies(self) -> Iterator[Commit]:
        """A tenth of all tasks waits for an earlier one. A workspace's commits are in order."""
        chance = self._chance
        for team in self.teams:
            graph, made = graph_of(team.workspace_id), []
            for place in range(1, len(team.task_ids)):
                if chance.random() < 0.1:
                    edge = DependencyAdded(
                        dependency_id=new_id("dep"),
                        type="blocks",
                        from_task_id=team.task_ids[chance.randrange(place)],
                        to_task_id=team.task_ids[place],
                        task_id=team.task_ids[place],
                    )
                    made.append((graph, edge))
            if made:
                yield self._commit(team.people[0], team.workspace_id, made)

    def _teams(self, tasks: int) -> Iterator[Team]:
        chance, left, number = self._chance, tasks, 0
        workspaces = list(self.workspaces.items())
        while left > 0:
            workspace_id, people = workspaces[number % len(workspaces)]
            size = min(left, chance.randrange(100, 501))
            some = chance.sample(people, 12)
            yield Team(new_id("proj"), f"P{number}", workspace_id, some, size)
            left, number = left - size, number + 1

    def _task(self, team: Team, task_id: str, parent: str | None) -> Commit:
        chance = self._chance
        made = TaskCreated(
            project_id=team.project_id,
            project_key=team.key,
            title=self._text(6),
            description=self._text(40),
            status="todo",
            status_category="todo",
            priority=chance.randrange(1, 11),
            rank=self._rank(),
            assignee_ids=(chance.choice(team.people),),
            tags=tuple(chance.sample(_WORDS, 2)),
            parent_task_id=parent,
        )
        events: list[tuple[str, object]] = [(task_id, made)]
        # Of those that are open half were begun.
        fate = chance.random()
        was, was_category = "todo", "todo"
        for status, category in _DONE[1:] if fate < 0.6 else _DONE[:1] if fate < 0.8 else ():
            moved = TaskStatusChanged(
                status=status,
                category=category,
                was=was,
                was_category=was_category,
                rank=self._rank(),
            )
            events.append((task_id, moved))
            was, was_category = status, category
        if chance.random() < 0.1:
            for _ in range(5):
                said = CommentAdded(
                    task_id=task_id, project_id=team.project_id, text=self._text(25)
                )
                events.append((new_id("cmt"), said))
        actor = chance.choice(team.people)
        return self._commit(
            actor, team.workspace_id, events, draws=f"task-number:{team.project_id}"
        )

    def _commit(
        self,
        actor: str,
        workspace_id: str,
        events: Sequence[tuple[str, object]],
        draws: str | None = None,
    ) -> Commit:
        expected = {stream: self.version(stream) for stream, _ in events}
        for stream, _ in events:
            self._versions[stream] = self.version(stream) + 1
        return Commit(
            command_id=os.urandom(16),
            workspace_id=workspace_id,
            main_stream=events[0][0],
            origin=Origin(actor=actor),
            events=tuple(
                NewEvent(workspace_id, stream, event, draws=None if number else draws)
                for number, (stream, event) in enumerate(events)
            ),
            expected=expected,
        )

    def _rank(self) -> str:
        return fresh_rank(datetime.now(UTC), f"{self._chance.randrange(10**6):06}1")

    def _text(self, words: int) -> str:
        drawn = self._chance.choices(VOCABULARY, cum_weights=_AS_OFTEN, k=words)
        return " ".join(drawn).capitalize()
