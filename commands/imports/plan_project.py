"""What a project must have to take a log in: statuses, moves, columns and fields."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from commands.imports.naming import slug
from commands.imports.survey import SeenStatus, Survey
from domain.errors import Kind, Refused
from domain.project.board import Column
from domain.project.fields import FieldDefinition
from domain.project.workflow import Status, Transition, Workflow
from domain.values.limits import Limits

MakeId = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Shape:
    """A project's workflow, columns and fields."""

    workflow: Workflow
    columns: tuple[Column, ...]
    fields: tuple[FieldDefinition, ...]


def statuses_by_name(workflow: Workflow) -> Mapping[str, Status]:
    """A log knows statuses by name alone; of two with one name it means the first."""
    return {status.name: status for status in reversed(workflow.statuses)}


def fields_by_attribute(
    fields: Iterable[FieldDefinition], attributes: Mapping[str, str]
) -> Mapping[str, FieldDefinition]:
    """The field of each attribute: the one of its name and type. An attribute for which the
    project has no room has none."""
    of = {(each.name, each.type): each for each in fields}
    return {name: of[name, type_] for name, type_ in attributes.items() if (name, type_) in of}


def shape_for(
    survey: Survey, present: Shape | None, limits: Limits, new_id: MakeId
) -> Shape | None:
    """A new project's shape (None: the log has no status, any workflow will do), or the present
    one with what the log needs beyond it; nothing is ever taken away.

    Raises Refused where a project cannot hold as much.
    """
    if present is None:
        if not survey.statuses:
            return None
        workflow = _new_workflow(survey)
        columns: tuple[Column, ...] = ()
        fields: tuple[FieldDefinition, ...] = ()
    else:
        workflow = _extended(present.workflow, survey)
        columns, fields = present.columns, present.fields
    _check(workflow, limits)
    shape = Shape(
        workflow,
        _with_columns(columns, workflow, new_id),
        _with_fields(fields, survey.attributes, limits, new_id),
    )
    if len(shape.columns) > limits.columns:
        raise _too_many("columns", limits.columns)
    return shape


def _new_workflow(survey: Survey) -> Workflow:
    statuses = _statuses((), survey.statuses, first_is_todo=True)
    key_of = {status.name: status.key for status in statuses}
    return Workflow(
        initial=statuses[0].key,
        statuses=statuses,
        transitions=tuple(
            Transition(source=key_of[before], target=key_of[after])
            for before, after in survey.moves
        ),
    )


def _extended(workflow: Workflow, survey: Survey) -> Workflow:
    known = statuses_by_name(workflow)
    missing = [seen for seen in survey.statuses if seen.name not in known]
    statuses = _statuses(workflow.statuses, missing, first_is_todo=False)
    key_of = {status.name: status.key for status in reversed(statuses)}
    moves = {(each.source, each.target) for each in workflow.transitions}
    added = [
        Transition(source=key_of[before], target=key_of[after])
        for before, after in survey.moves
        if not workflow.any_move and (key_of[before], key_of[after]) not in moves
    ]
    return replace(workflow, statuses=statuses, transitions=(*workflow.transitions, *added))


def _statuses(
    present: tuple[Status, ...], seen: Iterable[SeenStatus], *, first_is_todo: bool
) -> tuple[Status, ...]:
    statuses = list(present)
    taken = {status.key for status in present}
    for each in seen:
        key = slug(each.name, taken, "status")
        taken.add(key)
        if first_is_todo and not statuses:
            category = "todo"
        else:
            category = "done" if 2 * each.ended > each.reached else "in_progress"
        statuses.append(Status(key=key, name=each.name, category=category))
    return tuple(statuses)


def _with_columns(
    columns: tuple[Column, ...], workflow: Workflow, new_id: MakeId
) -> tuple[Column, ...]:
    shown = {key for column in columns for key in column.statuses}
    return (
        *columns,
        *(
            Column(column_id=new_id("col"), name=status.name, statuses=(status.key,))
            for status in workflow.statuses
            if status.key not in shown
        ),
    )


def _with_fields(
    fields: tuple[FieldDefinition, ...],
    attributes: Mapping[str, str],
    limits: Limits,
    new_id: MakeId,
) -> tuple[FieldDefinition, ...]:
    known = fields_by_attribute(fields, attributes)
    made = list(fields)
    taken = {each.key for each in fields}
    for name, type_ in attributes.items():
        if name in known or len(made) >= limits.fields or not _may_be_named(name, limits):
            continue
        key = slug(name, taken, "field")
        taken.add(key)
        made.append(FieldDefinition(field_id=new_id("fld"), key=key, name=name, type=type_))
    return tuple(made)


def _may_be_named(name: str, limits: Limits) -> bool:
    return bool(name.strip()) and len(name) <= limits.name


def _check(workflow: Workflow, limits: Limits) -> None:
    if len(workflow.statuses) > limits.statuses:
        raise _too_many("statuses", limits.statuses)
    if len(workflow.transitions) > limits.transitions:
        raise _too_many("moves between statuses", limits.transitions)


def _too_many(what: str, most: int) -> Refused:
    return Refused(
        Kind.VALIDATION_FAILED,
        f"With this log the project would have more than {most} {what}; import it into a project "
        "of its own, or choose another classifier.",
    )
