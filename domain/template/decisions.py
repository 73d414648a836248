"""What may happen to a template."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from domain.errors import Invalid, Kind, Problem, Refused, invalid
from domain.project.fields import FieldValue
from domain.template.events import (
    TemplateCreated,
    TemplateDeleted,
    TemplateEmptied,
    TemplateEvent,
    TemplateRenamed,
    TemplateRestored,
    TemplateTaskAdded,
)
from domain.template.filling import MOST_VARIABLES, checked_duration, variables_in
from domain.template.outline import ProjectOutline
from domain.template.state import Template
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.priority import DEFAULT_LEVEL, level_of
from domain.values.text_rules import (
    Problems,
    checked_description,
    checked_name,
    checked_tags,
    checked_title,
)

_MOST_REF: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutline:
    """A task of a template as a request describes it, with those below it. `ref` is a name of its
    own for `depends_on`, where another task needs it, and for `below` of one that is listed beside
    it and stands below it all the same."""

    title: str
    ref: str | None = None
    below: str | None = None
    description: str = ""
    priority: int = DEFAULT_LEVEL
    type: str | None = None
    status: str | None = None
    assignee_ids: tuple[str, ...] = ()
    due_in: str | None = None
    start_in: str | None = None
    estimate: float | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    subtasks: tuple["TaskOutline", ...] = ()


def create(
    *, name: str, description: str, project: ProjectOutline | None, limits: Limits
) -> tuple[TemplateEvent, ...]:
    return (
        TemplateCreated(
            name=checked_name(name, limits),
            description=checked_description(description, limits),
            project=project,
        ),
    )


def at_the_top(outlines: Sequence[TaskOutline]) -> int:
    """How many of these tasks stand below no other."""
    return sum(outline.below is None for outline in outlines)


def fill(
    template: Template | None, outlines: Sequence[TaskOutline], limits: Limits
) -> tuple[TemplateEvent, ...]:
    """All its tasks, in order, in the place of those that it has; None: it has none yet. A
    template of a task has one at the top. Invalid with everything wrong in them."""
    flat = _flat(outlines, limits)
    refs = [outline.ref for _, _, outline in flat if outline.ref is not None]
    problems = Problems()
    for ref in refs:
        if refs.count(ref) > 1 or not 1 <= len(ref) <= _MOST_REF:
            detail = f"Must be 1 to {_MOST_REF} characters, and another for each task: {ref[:80]}."
            problems.add(invalid("/tasks", detail, "repeated"))
    named = {each.ref: _ref(n) for n, (_, _, each) in enumerate(flat) if each.ref is not None}
    added: list[TemplateTaskAdded] = []
    for n, (at, below, outline) in enumerate(flat):
        try:
            added.append(_task(n, at, below, outline, named, limits))
        except Invalid as wrong:
            problems.add(wrong)
    if len(variables_in(text for event in added for text in _texts(event))) > MOST_VARIABLES:
        detail = f"Must be at most {MOST_VARIABLES} variables."
        problems.add(invalid("/tasks", detail, "too-many"))
    problems.raise_any()
    emptied = (TemplateEmptied(),) if template is not None and template.tasks else ()
    return (*emptied, *added)


def rename(template: Template, name: str, limits: Limits) -> tuple[TemplateEvent, ...]:
    require_there(template)
    if checked_name(name, limits) == template.name:
        return ()
    return (TemplateRenamed(name=name, was=template.name),)


def delete(template: Template) -> tuple[TemplateEvent, ...]:
    return () if template.deleted else (TemplateDeleted(),)


def restore(template: Template) -> tuple[TemplateEvent, ...]:
    return (TemplateRestored(),) if template.deleted else ()


def require_there(template: Template) -> None:
    if template.deleted:
        raise Refused(Kind.TRASHED, "The template is deleted; restore it first.")


def _flat(
    outlines: Sequence[TaskOutline], limits: Limits
) -> list[tuple[str, int | None, TaskOutline]]:
    """Each with its pointer and the place of the one that it stands below, which comes before."""
    flat: list[tuple[str, int | None, TaskOutline]] = []
    beside: dict[str | None, list[tuple[str, TaskOutline]]] = {}
    for n, outline in enumerate(outlines):
        beside.setdefault(outline.below, []).append((f"/tasks/{n}", outline))
    waiting: list[tuple[str, int | None, TaskOutline]] = [
        (at, None, outline) for at, outline in beside.pop(None, ())
    ]
    depth = 0
    while waiting:
        depth += 1
        if depth > limits.subtask_depth:
            raise invalid("/tasks", f"Must be at most {limits.subtask_depth} levels.", "too-deep")
        below: list[tuple[str, int | None, TaskOutline]] = []
        for at, parent, outline in waiting:
            place = len(flat)
            flat.append((at, parent, outline))
            below += [
                (f"{at}/subtasks/{n}", place, each) for n, each in enumerate(outline.subtasks)
            ]
            if outline.ref is not None:
                below += [(there, place, each) for there, each in beside.pop(outline.ref, ())]
        if len(flat) + len(below) > limits.template_tasks:
            raise invalid(
                "/tasks", f"Must be at most {limits.template_tasks} tasks in all.", "too-many"
            )
        waiting = below
    detail = "Must be the ref of another task of the template, which does not stand below this one."
    nowhere = [at for standing in beside.values() for at, _ in standing]
    if nowhere:
        raise Invalid(*(Problem(f"{at}/below", "unknown", detail) for at in nowhere))
    return flat


def _ref(place: int) -> str:
    return f"t{place + 1}"


def _task(
    place: int,
    at: str,
    below: int | None,
    outline: TaskOutline,
    named: Mapping[str, str],
    limits: Limits,
) -> TemplateTaskAdded:
    problems = Problems()
    blockers = []
    for n, ref in enumerate(outline.depends_on):
        blocker = named.get(ref)
        if blocker is None or blocker == _ref(place):
            detail = "Must be the ref of another task of the template."
            problems.add(invalid(f"/depends_on/{n}", detail, "unknown"))
        else:
            blockers.append(blocker)
    event = TemplateTaskAdded(
        ref=_ref(place),
        below=None if below is None else _ref(below),
        title=problems.check("", checked_title, outline.title, limits),
        description=problems.check("", checked_description, outline.description, limits),
        priority=problems.check(DEFAULT_LEVEL, level_of, outline.priority),
        type=outline.type,
        status=outline.status,
        assignee_ids=outline.assignee_ids[: limits.assignees],
        due_in=problems.check(None, checked_duration, outline.due_in, "/due_in"),
        start_in=problems.check(None, checked_duration, outline.start_in, "/start_in"),
        estimate=outline.estimate,
        tags=problems.check((), checked_tags, outline.tags, limits),
        fields=outline.fields,
        depends_on=tuple(dict.fromkeys(blockers)),
    )
    try:
        problems.raise_any()
    except Invalid as wrong:
        raise Invalid(
            *(Problem(f"{at}{each.pointer}", each.code, each.detail) for each in wrong.problems)
        ) from None
    return event


def _texts(event: TemplateTaskAdded) -> list[str]:
    return [text for text in (event.title, event.description) if isinstance(text, str)]
