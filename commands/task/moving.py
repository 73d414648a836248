"""A move along the workflow: what its guards must know, and what may be done from here."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from commands.labels.held import known_labels
from commands.permissions import forbidden, visible_project
from commands.task.blocking import unfinished_blockers
from commands.task.room import no_room
from commands.task.tree import unfinished_below
from commands.work import Work
from domain.comment.events import CommentAdded
from domain.errors import Refused, not_found
from domain.labels.state import standing
from domain.project.decisions import require_open
from domain.project.guards import MoveFacts
from domain.project.state import Project
from domain.project.workflow import Guard, known_status, moves_from
from domain.task import decisions
from domain.task.events import TaskEvent
from domain.task.moves import Way, guards_back, guards_from, guards_to, refusal_of, ways_from
from domain.task.state import TASK, Task
from domain.workspace.roles import Right, project_rights, project_role
from domain.workspace.state import WORKSPACE

_Gathering = Callable[[Work, Task, Project, MoveFacts], Awaitable[MoveFacts]]


async def status_events(
    work: Work, task: Task, project: Project, status: str, rank: str
) -> tuple[TaskEvent, ...]:
    """`decisions.change_status` with the facts that it needs, and no more are looked up: none
    for a move without guards, those of all moves only for one that is refused."""
    decisions.require_not_trashed(task)
    target = known_status(project.workflow, status)
    facts = await facts_of(work, task, project, guards_to(task, project, target.key))
    if target.key != task.status and refusal_of(task, project, target, facts) is not None:
        facts = await _all_facts(work, task, project)
    return decisions.change_status(task, project, target.key, rank, facts)


async def return_events(
    work: Work,
    task: Task,
    project: Project,
    status: str,
    rank: str,
    completed_at: datetime | None,
) -> tuple[TaskEvent, ...]:
    """`decisions.move_back` with the facts that it needs."""
    facts = await facts_of(work, task, project, guards_back(task, project, status))
    return decisions.move_back(task, project, status, rank, facts, completed_at)


async def ways_of(work: Work, task_id: str) -> tuple[Task, tuple[Way, ...]]:
    """Where the caller may move a task now, and why not elsewhere.

    Raises Refused(NOT_FOUND) for a task that they may not see.
    """
    task = await work.load(TASK, task_id)
    place = None if task is None else await visible_project(work, task.project_id)
    if task is None or place is None:
        raise not_found("task")
    workspace, project = place
    facts = await _all_facts(work, task, project)
    ways = ways_from(task, project, facts)
    stopped = _stopped(task, project)
    if Right.EDIT_TASKS not in project_rights(workspace, project, work.actor):
        stopped = forbidden(Right.EDIT_TASKS)
    if stopped is not None:
        ways = tuple(Way(way.status, stopped) for way in ways)
    return task, ways


async def _all_facts(work: Work, task: Task, project: Project) -> MoveFacts:
    """What all moves from here depend on, room on the board included."""
    facts = await facts_of(work, task, project, guards_from(task, project))
    targets = moves_from(project.workflow, task.status)
    return replace(facts, no_room=await no_room(work, project, task, targets))


async def facts_of(work: Work, task: Task, project: Project, guards: Iterable[Guard]) -> MoveFacts:
    """What these guards look at, beyond what the task itself says."""
    facts = decisions.NO_FACTS
    for name in dict.fromkeys(_looked_at(guard) for guard in guards):
        gathering = _GATHERED.get(name)
        if gathering is not None:
            facts = await gathering(work, task, project, facts)
    return facts


def _looked_at(guard: Guard) -> str:
    """What a guard makes a lookup necessary for."""
    return _TAGS if "tags" in guard.parameters.get("fields", ()) else guard.name


def _stopped(task: Task, project: Project) -> Refused | None:
    """What keeps the task from going anywhere, whatever the workflow says."""
    try:
        require_open(project)
        decisions.require_not_trashed(task)
    except Refused as refusal:
        return refusal
    return None


async def _roles(work: Work, task: Task, project: Project, facts: MoveFacts) -> MoveFacts:
    workspace = work.seen(WORKSPACE, project.workspace_id)
    return replace(
        facts,
        project_role=project_role(workspace, project, work.actor),
        workspace_role=workspace.role_of(work.actor),
    )


async def _comments(work: Work, task: Task, project: Project, facts: MoveFacts) -> MoveFacts:
    """Said with the move, in the same commit, or before it. That nobody deletes the comment
    meanwhile is not asserted: it was said."""
    said = any(
        isinstance(new.event, CommentAdded) and new.event.task_id == task.task_id
        for new in work.events
    ) or await work.comments.has_commented(
        task.workspace_id, task.task_id, work.actor, task.status_since, await work.head()
    )
    return replace(facts, has_commented=said)


async def _subtasks(work: Work, task: Task, project: Project, facts: MoveFacts) -> MoveFacts:
    seen, hidden = await unfinished_below(work, task)
    return replace(facts, unfinished_subtasks=tuple(seen), hidden_subtasks=hidden)


async def _blockers(work: Work, task: Task, project: Project, facts: MoveFacts) -> MoveFacts:
    seen, hidden = await unfinished_blockers(work, task)
    return replace(facts, unfinished_blockers=seen, hidden_blockers=hidden)


async def _tags(work: Work, task: Task, project: Project, facts: MoveFacts) -> MoveFacts:
    if not task.tags:
        return facts
    labels = await known_labels(work, project.workspace_id)
    gone = frozenset(tag for tag in task.tags if not standing(labels, (tag,)))
    return replace(facts, gone_tags=gone)


_TAGS: Final = "fields-present: tags"

_GATHERED: Final[Mapping[str, _Gathering]] = {
    "no-unfinished-blockers": _blockers,
    "all-subtasks-done": _subtasks,
    "only-roles": _roles,
    "comment-required": _comments,
    _TAGS: _tags,
}
