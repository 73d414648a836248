"""Trees of tasks, whatever is done to them by two processes: against a plain model of a tree, with
the views that follow the log in batches."""

import asyncio
import json
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)

from commands.project.change_workflow import ChangeWorkflow
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.move_to_project import MoveToProject
from commands.task.restore_task import RestoreTask
from commands.task.set_parent import SetParent
from commands.task.trash_task import TrashTask
from domain.errors import Kind, Refused
from domain.project.workflow import Status
from domain.task.state import TASK
from domain.values.limits import Limits
from projections.board import BOARD_VIEW
from projections.tasks import TASKS_VIEW
from tests.commands.conftest import House, made_house, process
from tests.commands.memory_log import MemoryLog
from tests.projections.memory import MemoryRows, folded

T = TypeVar("T")

DEPTH = 3
CATEGORIES = {"new": "todo", "review": "in_progress", "done": "done", "dropped": "cancelled"}


@dataclass
class Node:
    """What a task is to the model. `gone_with`: the one with which it went, itself where alone."""

    parent: str | None
    project: int
    status: str = "new"
    gone_with: str | None = None


class Trees(RuleBasedStateMachine):
    tasks = Bundle("tasks")
    maybe = st.one_of(st.none(), tasks)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.nodes: dict[str, Node] = {}
        self.categories = [dict(CATEGORIES), dict(CATEGORIES)]
        self.views = [MemoryRows(TASKS_VIEW), MemoryRows(BOARD_VIEW)]
        self.seen = 0
        self.turn = 0

    def do(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)  # type: ignore[arg-type]

    def run(self, *commands: object) -> Any:
        """By one process, then by the other."""
        self.turn += 1
        return self.do(self.processes[self.turn % 2].run(self.house.ann, *commands))

    def kind(self, *commands: object) -> Kind | None:
        try:
            self.run(*commands)
        except Refused as refused:
            return refused.kind
        return None

    @initialize(target=tasks, back=st.lists(st.integers(0, 3), min_size=8, max_size=8))
    def begin(self, back: list[int]) -> MultipleResults[str]:
        """Eight tasks, each below the one so many places before it, or at the top."""
        self.log = MemoryLog()
        self.house: House = self.do(made_house(self.log))
        limits = Limits(subtask_depth=DEPTH)
        self.processes = [process(self.log, self.log, limits) for _ in range(2)]
        other = self.do(self.house.project(key="OTHER")).project_id
        self.projects = [self.house.project_id, other]
        for at in range(2):
            self.change_workflow(at)
        names: list[str] = []
        for nth, places in enumerate(back):
            parent = names[-places] if 0 < places <= nth else None
            names.append(self.create(parent, nth % 2))
        return multiple(*names)

    def change_workflow(self, at: int) -> None:
        statuses = tuple(
            Status(key=key, name=key, category=category)
            for key, category in self.categories[at].items()
        )
        self.run(
            ChangeWorkflow(
                project_id=self.projects[at], initial="new", statuses=statuses, any_move=True
            )
        )

    # The model.

    def line(self, name: str | None) -> list[str]:
        return [] if name is None else [name, *self.line(self.nodes[name].parent)]

    def below(self, name: str) -> Iterator[str]:
        for each, node in self.nodes.items():
            if node.parent == name:
                yield each
                yield from self.below(each)

    def height(self, name: str) -> int:
        children = (each for each, node in self.nodes.items() if node.parent == name)
        return max((1 + self.height(each) for each in children), default=0)

    def category(self, name: str) -> str:
        node = self.nodes[name]
        return self.categories[node.project][node.status]

    def refusal(self, name: str | None, parent: str | None) -> Kind | None:
        if parent is None:
            return None
        if name is not None and name in self.line(parent):
            return Kind.PARENT_CYCLE
        height = 0 if name is None else self.height(name)
        if self.nodes[parent].gone_with or len(self.line(parent)) + height > DEPTH:
            return Kind.VALIDATION_FAILED
        return None

    # What may happen.

    @rule(target=tasks, parent=maybe, at=st.integers(0, 1))
    def create(self, parent: str | None, at: int) -> str:
        command = CreateTask(title="x", project_id=self.projects[at], parent_task_id=parent)
        expected = self.refusal(None, parent)
        if expected is not None:
            assert self.kind(command) is expected
            return next(iter(self.nodes))
        name: str = self.run(command).main_stream
        self.nodes[name] = Node(parent, at)
        return name

    @rule(name=tasks, parent=maybe)
    def set_parent(self, name: str, parent: str | None) -> None:
        node = self.nodes[name]
        expected = None
        if parent != node.parent:
            expected = Kind.TRASHED if node.gone_with else self.refusal(name, parent)
        assert self.kind(SetParent(task_id=name, parent_task_id=parent)) is expected
        if expected is None:
            node.parent = parent

    @rule(name=tasks, status=st.sampled_from(sorted(CATEGORIES)))
    def change_status(self, name: str, status: str) -> None:
        node = self.nodes[name]
        kind = self.kind(ChangeStatus(task_id=name, status=status))
        assert kind is (Kind.TRASHED if node.gone_with else None)
        if kind is None:
            node.status = status

    @rule(name=tasks, at=st.integers(0, 1))
    def move_to_project(self, name: str, at: int) -> None:
        node = self.nodes[name]
        if node.gone_with or node.project == at:
            return
        move = MoveToProject(task_id=name, project_id=self.projects[at], status=node.status)
        if self.kind(move) is None:
            # Which statuses correspond is not what is looked at here: they are as they are.
            for each in [name, *self.below(name)]:
                task = self.do(self.house.executor.states.read(TASK, each))
                assert task is not None
                self.nodes[each].status = task.status
                self.nodes[each].project = self.projects.index(task.project_id)
            assert node.project == at

    @rule(name=tasks)
    def trash(self, name: str) -> None:
        self.run(TrashTask(task_id=name))
        if not self.nodes[name].gone_with:
            for each in [name, *self.below(name)]:
                self.nodes[each].gone_with = self.nodes[each].gone_with or name

    @rule(name=tasks)
    def restore(self, name: str) -> None:
        node = self.nodes[name]
        stays = node.parent is not None and self.nodes[node.parent].gone_with
        kind = self.kind(RestoreTask(task_id=name))
        assert kind is (Kind.NOT_RESTORABLE if node.gone_with and stays else None)
        if kind is None:
            for each in [name, *self.below(name)]:
                if each == name or self.nodes[each].gone_with == name:
                    self.nodes[each].gone_with = None

    @rule(at=st.integers(0, 1), category=st.sampled_from(["in_progress", "done", "cancelled"]))
    def recategorise(self, at: int, category: str) -> None:
        if self.categories[at]["review"] != category:
            self.categories[at]["review"] = category
            self.change_workflow(at)

    @rule()
    def let_views_follow(self) -> None:
        """Then progress is what is counted again."""
        for view in self.views:
            view.fold(self.log.recorded[self.seen :])
        self.seen = len(self.log.recorded)
        for name, node in self.nodes.items():
            counted = [
                self.category(each)
                for each in self.below(name)
                if not self.nodes[each].gone_with and self.category(each) != "cancelled"
            ]
            progress = {"done": counted.count("done"), "total": len(counted)}
            for view, table in zip(self.views, ("tasks", "cards"), strict=True):
                row = view.stored[table][name,]
                assert row["parent_task_id"] == node.parent
                assert json.loads(row["doc"])["progress"] == progress

    def teardown(self) -> None:
        try:
            self.let_views_follow()
            for view, projection in zip(self.views, (TASKS_VIEW, BOARD_VIEW), strict=True):
                assert folded(projection, [self.log.recorded]).stored == view.stored
        finally:
            self.loop.close()


TestTrees = Trees.TestCase
TestTrees.settings = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
