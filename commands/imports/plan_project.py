"""What a project must have to take a log in: statuses, the moves between them, custom fields."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from commands.imports.naming import field_key, status_key
from commands.imports.survey import SeenStatus, Survey
from domain.errors import Kind, Refused
from domain.project.fields import FieldDefinition, FieldDraft, draft_of
from domain.project.workflow import Status, Transition, Workflow
from domain.values.limits import Limits


def statuses_by_name(workflow: Workflow) -> Mapping[str, Status]:
    """A log knows statuses by their names alone."""
    return {status.name: status for status in workflow.statuses}


def fields_by_attribute(
    fields: Iterable[FieldDefinition], attributes: Mapping[str, str]
) -> Mapping[str, FieldDefinition]:
    """The field that has an attribute's name and holds its type; none where the project had no
    room for it."""
    of = {(each.name, each.type): each for each in fields}
    return {name: of[name, type_] for name, type_ in attributes.items() if (name, type_) in of}


def new_workflow(survey: Survey) -> Workflow | None:
    """Of all that the log shows; None for a log without any event, which fits every workflow.

    The first status is where work begins. Raises Refused beyond what a workflow holds.
    """
    if not survey.statuses:
        return None
    first, *others = survey.statuses
    key = status_key(first.name, ())
    begun = Status(key=key, name=first.name, category="todo")
    workflow = Workflow(initial=key, statuses=(begun, *_statuses(others, {key})))
    return _with_moves(workflow, survey)


def extended_workflow(present: Workflow, survey: Survey) -> Workflow:
    """The present one with what the log shows beyond it; nothing in it changes.

    Raises Refused beyond what a workflow holds.
    """
    known = statuses_by_name(present)
    missing = [seen for seen in survey.statuses if seen.name not in known]
    added = _statuses(missing, {status.key for status in present.statuses})
    return _with_moves(replace(present, statuses=(*present.statuses, *added)), survey)


def fields_for(
    present: Iterable[FieldDefinition], attributes: Mapping[str, str], limits: Limits
) -> tuple[FieldDraft, ...]:
    """The present fields, and one for each attribute that has none as far as there is room."""
    drafts = [draft_of(each) for each in present]
    known = {(each.name, each.type) for each in drafts}
    taken = {each.key for each in drafts}
    for name, type_ in attributes.items():
        if len(drafts) >= limits.fields:
            break
        if (name, type_) not in known and name.isprintable() and 0 < len(name) <= limits.name:
            key = field_key(name, taken)
            taken.add(key)
            drafts.append(FieldDraft(key=key, name=name, type=type_))
    return tuple(drafts)


def _statuses(seen: Iterable[SeenStatus], taken: set[str]) -> tuple[Status, ...]:
    statuses = []
    for each in seen:
        key = status_key(each.name, taken)
        taken.add(key)
        category = "done" if 2 * each.ended > each.reached else "in_progress"
        statuses.append(Status(key=key, name=each.name, category=category))
    return tuple(statuses)


def _with_moves(workflow: Workflow, survey: Survey) -> Workflow:
    limits = survey.reading.limits
    key_of = {status.name: status.key for status in workflow.statuses}
    present = {(each.source, each.target) for each in workflow.transitions}
    seen = [(key_of[before], key_of[after]) for before, after in survey.moves]
    added = tuple(
        Transition(source=source, target=target)
        for source, target in seen
        if not workflow.any_move and (source, target) not in present
    )
    whole = replace(workflow, transitions=(*workflow.transitions, *added))
    if len(whole.statuses) > limits.statuses:
        raise _too_many("statuses", limits.statuses, survey)
    if len(whole.transitions) > limits.transitions:
        raise _too_many("moves between statuses", limits.transitions, survey)
    return whole


def _too_many(what: str, most: int, survey: Survey) -> Refused:
    classifier = survey.reading.classifier
    return Refused(
        Kind.VALIDATION_FAILED,
        f"By the classifier {classifier.name!r} the project would have more than {most} {what}; "
        "choose another with --classifier, or import into a project of its own.",
    )
