"""Bring in a trace: its task, each of its records whole, and what they changed."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from commands.commit import NewEvent
from commands.imports.plan_project import fields_by_attribute, statuses_by_name
from commands.imports.plan_trace import (
    Case,
    Destination,
    HistoryChanged,
    creation,
    first_new,
    history,
)
from commands.imports.reading import Reading
from commands.inverse import NoInverse
from commands.permissions import OnProject
from commands.spec import CommandSpec
from commands.task.on_task import defaults_that_hold
from commands.work import Work
from domain.errors import Kind, Refused
from domain.project.decisions import require_open
from domain.project.fields import FieldDefinition
from domain.project.state import PROJECT, Project, task_numbers
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskFieldsChanged,
    TaskRecordImported,
    TaskStatusChanged,
    TaskUnblocked,
)
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.workspace.roles import Right

# At most about four events each: far from what one commit may hold, and from its time-outs.
RECORDS_IN_COMMIT: Final = 500


@dataclass(slots=True)
class Import:
    """What is the same for all traces of one log in one project."""

    reading: Reading
    attributes: Mapping[str, str]
    people: Mapping[str, str]
    source: str
    importer: str
    _for: tuple[str, int] = ("", 0)
    _destination: Destination | None = field(default=None)

    def destination(self, project: Project) -> Destination:
        """What the log's words mean in the project as it is now."""
        if self._destination is None or self._for != (project.project_id, project.version):
            statuses = statuses_by_name(project.workflow)
            by_key = {status.key: status for status in project.workflow.statuses}
            self._for = (project.project_id, project.version)
            self._destination = Destination(
                project_key=project.key,
                initial=by_key[project.workflow.initial],
                statuses=statuses,
                fields_of_trace=self._fields(project, self.reading.is_field_of_trace),
                fields_of_event=self._fields(project, self.reading.is_field_of_event),
                people=self.people,
                source=self.source,
                importer=self.importer,
            )
        return self._destination

    def _fields(
        self, project: Project, wanted: Callable[[str], bool]
    ) -> Mapping[str, FieldDefinition]:
        found = fields_by_attribute(project.fields, self.attributes)
        return {name: definition for name, definition in found.items() if wanted(name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTrace:
    """`new`: the task is expected not to exist, which spares the reading of its stream. At most
    500 records come in at once: repeat it until the task has them all."""

    project_id: str
    task_id: str
    case: Case
    into: Import
    new: bool


async def import_trace(command: ImportTrace, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    require_open(project)
    case, task_id = command.case, command.task_id
    to = command.into.destination(project)
    for record in case.records:
        if record.status not in to.statuses:
            raise _status_gone(record.status)
    state = None if command.new else await work.load(TASK, task_id)
    if state is not None and state.project_id != project.project_id:
        raise HistoryChanged(f"its task is {state.key} now, in another project")
    if state is not None and state.purged:
        raise HistoryChanged("its task was purged")
    start = first_new(case, state)
    if state is None:
        created = creation(
            case,
            to,
            project.project_id,
            work.limits,
            work.tail(),
            work.now,
            defaults_that_hold(work, project),
        )
        work.record(
            TASK,
            project.workspace_id,
            task_id,
            created.event,
            draws=task_numbers(project.project_id),
            occurred_at=created.at,
            authors=created.authors,
        )
    task = work.seen(TASK, task_id)
    coming = case.records[start : start + RECORDS_IN_COMMIT]
    work.record_history(
        task_id,
        (
            NewEvent(
                workspace_id=project.workspace_id,
                stream=task_id,
                event=planned.event,
                touches=TASK.touches(task, planned.event, project.workspace_id),
                occurred_at=planned.at,
                author=planned.person,
                subject=planned.person,
                authors=planned.authors,
            )
            for planned in history(case, coming, task, to, work.limits, work.tail, work.now)
        ),
    )
    return task_id


def _status_gone(name: str) -> Refused:
    return Refused(
        Kind.CONFLICT,
        f"The project's workflow lost the status {name!r} while the log came in; import it again.",
    )


IMPORT_TRACE = CommandSpec(
    command=ImportTrace,
    handler=import_trace,
    events=(
        TaskCreated,
        TaskRecordImported,
        TaskStatusChanged,
        TaskAssigned,
        TaskFieldsChanged,
        TaskBlocked,
        TaskUnblocked,
    ),
    route="taskledger import xes",
    inverse=NoInverse(
        "an import is the record of what happened elsewhere; trash its tasks instead."
    ),
    permission=OnProject(Right.EDIT_TASKS),
    writes=lambda command: command.task_id,
)
