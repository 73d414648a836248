"""Dependencies are made in turn, however many processes make them, and nobody slips through."""

import asyncio
from collections import Counter
from random import Random

import networkx as nx
import pytest

from commands.dependency_graph.add_dependency import AddDependency
from commands.dependency_graph.remove_dependency import RemoveDependency
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.restore_task import RestoreTask
from commands.task.trash_task import TrashTask
from domain.dependency_graph.events import DependencyAdded
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.errors import Kind, Refused
from domain.project.workflow import FINISHED
from domain.task.events import (
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskUnblocked,
)
from domain.task.state import TASK, Task
from domain.values.ids import graph_of
from tests.commands.conftest import House, Process
from tests.commands.refusals import pointers, refusal

WRITERS = 200


async def some(house: House, count: int) -> list[str]:
    return [(await house.task()).task_id for _ in range(count)]


def blocks(blocker: str, blocked: str) -> AddDependency:
    return AddDependency(task_id=blocker, other_task_id=blocked)


async def attempt(process: Process, actor: str, command: object) -> Kind | None:
    try:
        await process.run(actor, command)
    except Refused as refused:
        return refused.kind
    return None


async def finish(process: Process, house: House, task_id: str) -> None:
    for status in ("in_progress", "in_review", "done"):
        await process.run(house.ann, ChangeStatus(task_id=task_id, status=status))


async def task_of(house: House, task_id: str) -> Task:
    recorded = await house.store.read_stream(task_id)
    task = TASK.fold((each.event, each.stamp) for each in recorded)
    assert task is not None
    return task


async def graph_in_log(house: House) -> nx.DiGraph:
    recorded = await house.store.read_stream(graph_of(house.workspace_id))
    graph = DEPENDENCY_GRAPH.fold((each.event, each.stamp) for each in recorded)
    assert graph is not None
    edges = [each for each in graph.edges.values() if each.type == "blocks"]
    return nx.DiGraph([(each.from_task_id, each.to_task_id) for each in edges])


async def require_true_everywhere(house: House, task_ids: list[str]) -> None:
    """Whether a task is blocked is what the tasks that block it say, replayed from the log."""
    states = {task_id: await task_of(house, task_id) for task_id in task_ids}
    for task in states.values():
        holding = [
            each
            for each in task.blocked_by
            if not states[each].trashed and states[each].status_category not in FINISHED
        ]
        assert task.is_blocked == bool(holding), task.task_id


async def test_writers_in_two_processes_are_all_in_or_meet_a_rule(house):
    """Two hundred edges between thirty tasks: many repeat others, or would close a ring."""
    tasks = await some(house, 30)
    await house.run(house.ann, blocks(tasks[0], tasks[1]))
    random = Random(7)
    pairs = [random.sample(tasks, 2) for _ in range(WRITERS)]
    kinds = Counter(
        await asyncio.gather(
            *(
                attempt((house, house.other)[number % 2], house.ann, blocks(*pair))
                for number, pair in enumerate(pairs)
            )
        )
    )
    assert set(kinds) <= {None, Kind.DEPENDENCY_CYCLE, Kind.ALREADY_EXISTS}
    graph = await graph_in_log(house)
    assert nx.is_directed_acyclic_graph(graph)
    assert graph.number_of_edges() == kinds[None] + 1
    assert kinds[Kind.DEPENDENCY_CYCLE] > 0
    await require_true_everywhere(house, tasks)


async def test_of_two_that_close_a_ring_from_both_sides_one_is_refused(house):
    for _ in range(5):
        one, two, three = await some(house, 3)
        await house.run(house.ann, blocks(one, two))
        kinds = await asyncio.gather(
            attempt(house, house.ann, blocks(two, three)),
            attempt(house.other, house.ann, blocks(three, one)),
        )
        assert sorted(kinds, key=str) == [None, Kind.DEPENDENCY_CYCLE]


async def test_blockers_that_finish_at_once_free_the_task_once(house):
    blockers = await some(house, 6)
    (blocked,) = await some(house, 1)
    for each in blockers:
        await house.run(house.ann, blocks(each, blocked))
    await asyncio.gather(
        *(
            finish((house, house.other)[number % 2], house, each)
            for number, each in enumerate(blockers)
        )
    )
    events = [
        each
        for each in await house.events(blocked)
        if isinstance(each, TaskBlocked | TaskUnblocked)
    ]
    assert events[0] == TaskBlocked(blocked_by=(blockers[0],))
    (free,) = events[1:]
    assert isinstance(free, TaskUnblocked)
    assert set(free.freed_by) < set(blockers)


async def test_what_is_blocked_follows_from_its_blockers_whatever_happens(house):
    tasks = await some(house, 5)
    random = Random(11)
    edges: list[tuple[str, str]] = []
    for _ in range(60):
        one, two = random.sample(tasks, 2)
        graph = await house.store.read_stream(graph_of(house.workspace_id))
        edges = [
            (each.event.from_task_id, each.event.dependency_id)
            for each in graph
            if isinstance(each.event, DependencyAdded)
        ]
        choices = [
            blocks(one, two),
            ChangeStatus(task_id=one, status=random.choice(["in_progress", "cancelled", "todo"])),
            ChangeStatus(task_id=one, status=random.choice(["in_review", "done"])),
            TrashTask(task_id=one),
            RestoreTask(task_id=one),
        ]
        if edges:
            source, dependency_id = random.choice(edges)
            choices.append(RemoveDependency(task_id=source, dependency_id=dependency_id))
        process = random.choice([house, house.other])
        await attempt(process, house.ann, random.choice(choices))
        await require_true_everywhere(house, tasks)
    kinds = {type(each) for task in tasks for each in await house.events(task)}
    assert {TaskBlocked, TaskUnblocked} <= kinds


async def test_a_task_that_depends_on_nothing_costs_nobody_a_look(house):
    (task_id,) = await some(house, 1)
    await house.run(house.ann, ChangeStatus(task_id=task_id, status="in_progress"))
    reads = house.store.reads
    await house.run(house.ann, ChangeStatus(task_id=task_id, status="in_review"))
    await house.run(house.ann, ChangeStatus(task_id=task_id, status="done"))
    await house.run(house.ann, CreateTask(title="Another", project_id=house.project_id))
    assert house.store.reads == reads


async def test_a_task_is_made_and_blocked_in_one_commit(house):
    blockers = await some(house, 2)
    appends = house.store.appends
    made = await house.run(
        house.ann,
        CreateTask(title="Then", project_id=house.project_id, depends_on=(*blockers, blockers[0])),
    )
    assert house.store.appends == appends + 1
    task = made.state(TASK)
    assert (task.blocked_by, task.is_blocked) == (tuple(blockers), True)
    kinds = [type(each) for each in await house.events(task.task_id)]
    assert kinds == [TaskCreated, TaskDependencyAdded, TaskDependencyAdded, TaskBlocked]
    for each in blockers:
        assert (await task_of(house, each)).blocking == (task.task_id,)


async def test_one_must_edit_the_one_and_see_the_other(house):
    (mine,) = await some(house, 1)
    hidden = await house.project(name="Secret", is_private=True)
    theirs = await house.task(project_id=hidden.project_id)
    assert await pointers(house.run(house.bob, blocks(mine, theirs.task_id))) == ["/to_task_id"]
    refused = await refusal(house.run(house.bob, blocks(theirs.task_id, mine)))
    assert refused.kind is Kind.NOT_FOUND
    elsewhere = await house.task(actor=house.eve, project_id=None)
    for other in (elsewhere.task_id, "task_no", house.project_id):
        assert await pointers(house.run(house.ann, blocks(mine, other))) == ["/to_task_id"]
    # Of one that blocks from where the caller does not see, only that there is one is told.
    await house.run(house.ann, blocks(theirs.task_id, mine))
    for status in ("in_progress", "in_review"):
        await house.run(house.bob, ChangeStatus(task_id=mine, status=status))
    stopped = await refusal(house.run(house.bob, ChangeStatus(task_id=mine, status="done")))
    assert stopped.kind is Kind.BLOCKED_BY_UNFINISHED
    assert (stopped.fields["blockers"], stopped.fields["hidden_blockers"]) == ([], 1)
    (edge,) = (await task_of(house, mine)).dependencies
    remove = RemoveDependency(task_id=mine, dependency_id=edge)
    assert (await refusal(house.run(house.bob, remove))).kind is Kind.NOT_FOUND
    await house.run(house.ann, remove)
    await house.run(house.bob, ChangeStatus(task_id=mine, status="done"))


@pytest.mark.parametrize("which", [0, 1])
async def test_what_is_in_the_trash_gets_no_new_dependency(house, which):
    pair = await some(house, 2)
    await house.run(house.ann, TrashTask(task_id=pair[which]))
    assert (await refusal(house.run(house.ann, blocks(*pair)))).kind is Kind.TRASHED
