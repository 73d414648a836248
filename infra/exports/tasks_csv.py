"""The tasks of a project as a table: a line each, with every field that they have."""

from asyncio import gather
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

from domain.project.fields import FieldDefinition, FieldValue
from domain.project.state import Project
from domain.task.state import Task
from domain.values.priority import band_of
from domain.values.text import shown
from infra.exports.histories import History
from infra.exports.people import Names
from infra.exports.tables import Cell, Sheet
from projections.task_answers import Facts

_AT_ONCE: Final = 64
_COLUMNS: Final = (
    "key", "task_id", "external_id", "title", "description", "type", "status", "status_key",
    "status_category", "priority", "priority_level", "assignees", "assignee_ids", "creator",
    "creator_id", "updated_by", "tags", "due_date", "due_all_day", "start_date", "estimate",
    "parent_task_id", "subtasks_done", "subtasks", "is_blocked", "blocked_by", "blocking",
    "comment_count", "created_at", "updated_at", "completed_at", "trashed_at", "rank", "version",
)  # fmt: skip

FactsOf = Callable[[str], Awaitable[Facts]]


async def tasks_csv(
    project: Project,
    histories: AsyncIterator[History],
    names: Names,
    facts_of: FactsOf,
    tags_shown: Mapping[str, str | None],
) -> AsyncIterator[bytes]:
    """The file in pieces. `facts_of` says of a task what other streams than its own do;
    `tags_shown` tags that are called otherwise."""
    sheet = Sheet()
    sheet.row((*_COLUMNS, *(f"field: {each.name}" for each in project.fields)))
    rows = _Rows(project, names, facts_of, tags_shown)
    tasks: list[Task] = []
    async for history in histories:
        tasks.append(history.task)
        if len(tasks) == _AT_ONCE:
            await rows.put(sheet, tasks)
            tasks.clear()
            if sheet.full():
                yield sheet.taken()
    await rows.put(sheet, tasks)
    yield sheet.taken()


class _Rows:
    def __init__(
        self,
        project: Project,
        names: Names,
        facts_of: FactsOf,
        tags_shown: Mapping[str, str | None],
    ) -> None:
        self._fields = project.fields
        self._statuses = {status.key: status for status in project.workflow.statuses}
        self._names = names
        self._facts_of = facts_of
        self._tags_shown = tags_shown

    async def put(self, sheet: Sheet, tasks: Sequence[Task]) -> None:
        people = {person for task in tasks for person in self._people(task)}
        names = await self._names.of(people)
        facts = await gather(*(self._facts_of(task.task_id) for task in tasks))
        for task, known in zip(tasks, facts, strict=True):
            custom = (_custom(each, task.fields.get(each.key), names) for each in self._fields)
            sheet.row((*self._own(task, known, names), *custom))

    def _people(self, task: Task) -> set[str]:
        named = (task.fields.get(each.key) for each in self._fields if each.type == "user")
        return {
            *task.assignee_ids,
            task.creator_id,
            task.updated_by,
            *(each for each in named if isinstance(each, str)),
        }

    def _own(self, task: Task, facts: Facts, names: Mapping[str, str | None]) -> Sequence[Cell]:
        status = self._statuses.get(task.status)
        tags = (self._tags_shown.get(tag, tag) for tag in task.tags)
        return (
            task.key,
            task.task_id,
            shown(task.external_id),
            shown(task.title),
            shown(task.description),
            task.type,
            status.name if status else task.status,
            task.status,
            status.category if status else task.status_category,
            band_of(task.priority),
            task.priority,
            [names.get(each) or each for each in task.assignee_ids],
            task.assignee_ids,
            names.get(task.creator_id),
            task.creator_id,
            names.get(task.updated_by),
            [tag for tag in tags if tag is not None],
            task.due_date,
            task.due_all_day,
            task.start_date,
            task.estimate,
            task.parent_task_id,
            facts.progress.done,
            facts.progress.total,
            task.is_blocked,
            task.blocked_by,
            task.blocking,
            facts.comment_count,
            task.created_at,
            task.updated_at,
            task.completed_at,
            task.trashed_at,
            task.rank,
            task.version,
        )


def _custom(
    definition: FieldDefinition, value: FieldValue, names: Mapping[str, str | None]
) -> Cell:
    match value:
        case str() if definition.type == "user":
            return names.get(value) or value
        case str():
            return definition.option_names.get(value, value)
        case tuple():
            return [definition.option_names.get(each, each) for each in value]
        case _:
            return value
