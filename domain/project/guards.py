"""The conditions that a workflow may put on a move, by name."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from domain.errors import Kind, Problem, Refused
from domain.values.frozen import dataclass

# What a task may have or not; the rest (title, status, priority ...) it always has.
FIELDS_OF_TASKS: Final = (
    "description",
    "assignee_id",
    "due_date",
    "start_date",
    "estimate",
    "tags",
    "parent_task_id",
)

# How many subtasks a refusal names.
_MOST_NAMED: Final = 100

# Before the key of a custom field, wherever fields of both kinds are named.
CUSTOM: Final = "fields."


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What guards may look at beyond the task itself; only what the guards of the moves in
    question ask for has to be true.

    `unfinished_blockers`: ids of tasks that block this one and are neither done nor cancelled
    nor in the trash; `hidden_blockers`: how many more there are that the mover may not see.
    `project_role` and `workspace_role` are the mover's. `has_commented`: the mover has said
    something about the task since it came into its status, or says it with the move. `held`:
    which fields hold something, custom ones with `fields.` before their key. `no_room`: statuses
    whose column or lane is full, and what a move there would be refused with.
    `unfinished_subtasks`: ids of tasks below this one, on all levels, that are neither done nor
    cancelled; `hidden_subtasks`: how many more there are that the mover may not see. `gone_tags`:
    those of the task's tags whose label was deleted, so that nobody sees them.
    """

    unfinished_blockers: tuple[str, ...] = ()
    hidden_blockers: int = 0
    project_role: str | None = None
    workspace_role: str | None = None
    has_commented: bool = False
    held: frozenset[str] = frozenset()
    no_room: Mapping[str, Refused] = field(default_factory=dict)
    unfinished_subtasks: tuple[str, ...] = ()
    hidden_subtasks: int = 0
    gone_tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the parameters of guards may name in one project; `fields` are the keys of its custom
    ones."""

    fields: Collection[str] = ()
    project_roles: Sequence[str] = ()
    workspace_roles: Sequence[str] = ()


# A parameter as the workflow keeps it, with everything that is wrong with what was given.
Checked = tuple[list[str], Sequence[Problem]]


@dataclass(frozen=True, slots=True)
class GuardRule:
    """`check(parameters, facts)` gives the refusal, None where the move may happen.

    `parameters`: name -> what brings what was given into the form that is kept; where a guard
    takes any, at least one of them has to be there.
    """

    check: Callable[[Mapping[str, Any], MoveFacts], Refused | None]
    parameters: Mapping[str, Callable[[Any, Named, str], Checked]]


def checked_parameters(
    name: str, given: Mapping[str, Any], named: Named, pointer: str
) -> tuple[Mapping[str, Any], Sequence[Problem]]:
    """The parameters of a guard in their kept form, and everything that is wrong with them or
    with its name."""
    rule = GUARDS.get(name)
    if rule is None:
        detail = f"Must be one of: {', '.join(GUARDS)}."
        return {}, [Problem(pointer, "unknown", detail)]
    problems: list[Problem] = []
    kept: dict[str, Any] = {}
    for parameter, value in given.items():
        check = rule.parameters.get(parameter)
        if check is None:
            detail = "This guard has no such parameter."
            if rule.parameters:
                detail = f"This guard takes {' and '.join(rule.parameters)}."
            problems.append(Problem(f"{pointer}/{parameter}", "unknown", detail))
            continue
        kept[parameter], wrong = check(value, named, f"{pointer}/{parameter}")
        problems.extend(wrong)
    if rule.parameters and not kept and not problems:
        detail = f"This guard needs {' or '.join(rule.parameters)}."
        problems.append(Problem(pointer, "incomplete", detail))
    return kept, problems


def refused_by(guard: str, detail: str, missing: Sequence[str]) -> Refused:
    """A guard's no: what is missing, in words that a program can take."""
    return Refused(Kind.GUARD_REFUSED, detail, guard=guard, missing=list(missing))


def field_named(text: str, fields: Collection[str]) -> str | None:
    """A field of tasks, or a custom one by its key with or without `fields.` before it, as it is
    kept; None where there is no such field. A field of every task goes before a custom one."""
    if text in FIELDS_OF_TASKS:
        return text
    key = text.removeprefix(CUSTOM)
    return f"{CUSTOM}{key}" if key in fields else None


def fields_asked(parameters: Mapping[str, Any]) -> Sequence[str]:
    """The custom fields, by key, that a guard's parameters name."""
    return [
        name.removeprefix(CUSTOM)
        for name in parameters.get("fields", ())
        if name.startswith(CUSTOM)
    ]


def _no_unfinished_blockers(parameters: Mapping[str, Any], facts: MoveFacts) -> Refused | None:
    blockers = facts.unfinished_blockers
    if not blockers and not facts.hidden_blockers:
        return None
    return Refused(
        Kind.BLOCKED_BY_UNFINISHED,
        "Other tasks block this one and are not finished; finish them, or remove the dependency.",
        blockers=list(blockers),
        hidden_blockers=facts.hidden_blockers,
    )


def _all_subtasks_done(parameters: Mapping[str, Any], facts: MoveFacts) -> Refused | None:
    seen, hidden = facts.unfinished_subtasks, facts.hidden_subtasks
    if not seen and not hidden:
        return None
    detail = f"Finish its subtasks first, or cancel them: {len(seen) + hidden} are not finished"
    detail += f", {hidden} of them in projects that you do not see." if hidden else "."
    return refused_by("all-subtasks-done", detail, seen[:_MOST_NAMED])


def _fields_present(parameters: Mapping[str, Any], facts: MoveFacts) -> Refused | None:
    missing = [name for name in parameters["fields"] if name not in facts.held]
    if not missing:
        return None
    return refused_by("fields-present", f"Fill these in first: {', '.join(missing)}.", missing)


def _only_roles(parameters: Mapping[str, Any], facts: MoveFacts) -> Refused | None:
    in_project = parameters.get("project_roles", ())
    in_workspace = parameters.get("workspace_roles", ())
    if facts.project_role in in_project or facts.workspace_role in in_workspace:
        return None
    wanted = [f"project:{role}" for role in in_project]
    wanted += [f"workspace:{role}" for role in in_workspace]
    detail = f"Only some may do this ({', '.join(wanted)}); ask one of them."
    return refused_by("only-roles", detail, wanted)


def _comment_required(parameters: Mapping[str, Any], facts: MoveFacts) -> Refused | None:
    if facts.has_commented:
        return None
    detail = "Say why: send `comment` with the move, or comment on the task first."
    return refused_by("comment-required", detail, ["comment"])


def _fields(value: Any, named: Named, pointer: str) -> Checked:
    kept: list[str] = []
    problems: list[Problem] = []
    for at, text, wrong in _texts(value, pointer):
        problems.extend(wrong)
        if wrong:
            continue
        found = field_named(text, named.fields)
        if found is None:
            detail = f"Must be a custom field of the project or one of {_list(FIELDS_OF_TASKS)}."
            problems.append(Problem(at, "unknown", detail))
        elif found not in kept:
            kept.append(found)
    return kept, problems


def _roles(value: Any, known: Sequence[str], pointer: str) -> Checked:
    kept: list[str] = []
    problems: list[Problem] = []
    for at, text, wrong in _texts(value, pointer):
        problems.extend(wrong)
        if wrong:
            continue
        if text not in known:
            problems.append(Problem(at, "unknown", f"Must be one of {_list(known)}."))
        elif text not in kept:
            kept.append(text)
    return kept, problems


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str, Sequence[Problem]]]:
    """Where each text of a list stands, the text, and what is wrong with it."""
    if not isinstance(value, list | tuple) or not value:
        yield pointer, "", [Problem(pointer, "invalid", "Must be a list that is not empty.")]
        return
    for index, each in enumerate(value):
        at = f"{pointer}/{index}"
        if isinstance(each, str):
            yield at, each, ()
        else:
            yield at, "", [Problem(at, "invalid", "Must be a string.")]


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


GUARDS: Final[Mapping[str, GuardRule]] = {
    "no-unfinished-blockers": GuardRule(_no_unfinished_blockers, {}),
    "all-subtasks-done": GuardRule(_all_subtasks_done, {}),
    "fields-present": GuardRule(_fields_present, {"fields": _fields}),
    "only-roles": GuardRule(
        _only_roles,
        {
            "project_roles": lambda value, named, at: _roles(value, named.project_roles, at),
            "workspace_roles": lambda value, named, at: _roles(value, named.workspace_roles, at),
        },
    ),
    "comment-required": GuardRule(_comment_required, {}),
}
