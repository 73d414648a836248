"""A project's state machine: statuses, each in a category, and the moves between them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Final

from domain.errors import Invalid, Problem, invalid
from domain.project.guards import Named, checked_parameters
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.text_rules import checked_name

CATEGORIES: Final = ("todo", "in_progress", "done", "cancelled")

# In a status of one of these there is nothing left to do.
FINISHED: Final = frozenset({"done", "cancelled"})

MOST_GUARDS: Final = 20

_NOTHING: Final = Named()

KEY: Final = re.compile(r"\w[\w-]{0,63}")
COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}|[a-z]{3,20}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    key: str
    name: str
    category: str
    colour: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A named, registered condition on a move, with its parameters."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    source: str
    target: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """`any_move`: every status may follow every other (the personal project)."""

    initial: str
    statuses: tuple[Status, ...]
    transitions: tuple[Transition, ...] = ()
    any_move: bool = False


_DEFAULT_STATUSES: Final = (
    Status(key="todo", name="To do", category="todo"),
    Status(key="in_progress", name="In progress", category="in_progress"),
    Status(key="in_review", name="In review", category="in_progress"),
    Status(key="blocked", name="Blocked", category="in_progress"),
    Status(key="done", name="Done", category="done"),
    Status(key="cancelled", name="Cancelled", category="cancelled"),
)

_DEFAULT_MOVES: Final = {
    "todo": ("in_progress", "cancelled"),
    "in_progress": ("in_review", "blocked", "todo", "cancelled"),
    "in_review": ("done", "in_progress", "cancelled"),
    "blocked": ("in_progress", "todo", "cancelled"),
    "done": ("todo", "in_progress"),
    "cancelled": ("todo",),
}

_UNBLOCKED: Final = (Guard(name="no-unfinished-blockers"),)

DEFAULT_WORKFLOW: Final = Workflow(
    initial="todo",
    statuses=_DEFAULT_STATUSES,
    transitions=tuple(
        Transition(source=source, target=target, guards=_UNBLOCKED if target == "done" else ())
        for source, targets in _DEFAULT_MOVES.items()
        for target in targets
    ),
)

PERSONAL_WORKFLOW: Final = Workflow(initial="todo", statuses=_DEFAULT_STATUSES, any_move=True)

# What others call two of the default workflow's statuses.
ALIASES: Final = {"pending": "todo", "completed": "done"}


def status_at(workflow: Workflow, key: str) -> Status | None:
    for status in workflow.statuses:
        if status.key == key:
            return status
    return None


def status_named(workflow: Workflow, text: str) -> Status | None:
    """A status by its key, else by its exact name, else by what others call it."""
    found = status_at(workflow, text)
    if found is None:
        found = next((each for each in workflow.statuses if each.name == text), None)
    if found is None and text in ALIASES:
        found = status_at(workflow, ALIASES[text])
    return found


def known_status(workflow: Workflow, text: str, pointer: str = "/status") -> Status:
    """`status_named`, or Invalid at `pointer` with the statuses that there are."""
    found = status_named(workflow, text)
    if found is None:
        keys = ", ".join(status.key for status in workflow.statuses)
        raise invalid(pointer, f"There is no such status here; the statuses are: {keys}.")
    return found


def allowed_from(workflow: Workflow, key: str) -> tuple[str, ...]:
    """The statuses that may follow, in the workflow's order."""
    if workflow.any_move:
        return tuple(status.key for status in workflow.statuses if status.key != key)
    targets = {each.target for each in workflow.transitions if each.source == key}
    return tuple(status.key for status in workflow.statuses if status.key in targets)


def moves_from(workflow: Workflow, key: str) -> Mapping[str, Transition]:
    """The moves from a status, by where they lead."""
    if workflow.any_move:
        targets = (status.key for status in workflow.statuses if status.key != key)
        return {target: Transition(source=key, target=target) for target in targets}
    return {each.target: each for each in workflow.transitions if each.source == key}


def transition_between(workflow: Workflow, source: str, target: str) -> Transition | None:
    """The move, with its guards; None where it is not allowed."""
    if workflow.any_move:
        return Transition(source=source, target=target)
    for each in workflow.transitions:
        if each.source == source and each.target == target:
            return each
    return None


def checked_workflow(workflow: Workflow, limits: Limits, named: Named = _NOTHING) -> Workflow:
    """The same workflow with keys where names stood; Invalid with everything wrong in it.
    `named` is what its guards may name."""
    problems: list[Problem] = []
    if not 1 <= len(workflow.statuses) <= limits.statuses:
        problems.append(
            Problem("/statuses", "too-many", f"Must be 1 to {limits.statuses} statuses.")
        )
    if len(workflow.transitions) > limits.transitions:
        problems.append(
            Problem("/transitions", "too-many", f"Must be at most {limits.transitions} moves.")
        )
    if problems:
        raise Invalid(*problems)
    problems.extend(_wrong_statuses(workflow.statuses, limits))
    transitions, wrong = _resolved(workflow, named)
    problems.extend(wrong)
    initial = status_named(workflow, workflow.initial)
    if initial is None:
        problems.append(Problem("/initial", "unknown", "Must be one of the statuses."))
    if problems or initial is None:
        raise Invalid(*problems)
    return replace(workflow, initial=initial.key, transitions=transitions)


def _wrong_statuses(statuses: Sequence[Status], limits: Limits) -> Iterator[Problem]:
    keys: set[str] = set()
    names: set[str] = set()
    for index, status in enumerate(statuses):
        at = f"/statuses/{index}"
        if KEY.fullmatch(status.key) is None:
            yield Problem(
                f"{at}/key", "invalid", "Must be 1 to 64 letters, digits, underscores or hyphens."
            )
        if status.key in keys:
            yield Problem(f"{at}/key", "repeated", "Another status has this key.")
        if status.name in names:
            yield Problem(f"{at}/name", "repeated", "Another status has this name.")
        keys.add(status.key)
        names.add(status.name)
        try:
            checked_name(status.name, limits, f"{at}/name")
        except Invalid as wrong:
            yield from wrong.problems
        if status.category not in CATEGORIES:
            yield Problem(f"{at}/category", "unknown", f"Must be one of {', '.join(CATEGORIES)}.")
        if status.colour is not None and COLOUR.fullmatch(status.colour) is None:
            yield Problem(f"{at}/colour", "invalid", "Must be #rrggbb or the name of a colour.")


def _resolved(workflow: Workflow, named: Named) -> tuple[tuple[Transition, ...], list[Problem]]:
    problems: list[Problem] = []
    transitions: list[Transition] = []
    seen: set[tuple[str, str]] = set()
    for index, each in enumerate(workflow.transitions):
        at = f"/transitions/{index}"
        source = status_named(workflow, each.source)
        target = status_named(workflow, each.target)
        if source is None:
            problems.append(Problem(f"{at}/from", "unknown", "Must be one of the statuses."))
        if target is None:
            problems.append(Problem(f"{at}/to", "unknown", "Must be one of the statuses."))
        guards, wrong = _checked_guards(each.guards, named, f"{at}/guards")
        problems.extend(wrong)
        if source is None or target is None:
            continue
        if source is target:
            problems.append(Problem(f"{at}/to", "invalid", "A status always may stay as it is."))
        if (source.key, target.key) in seen:
            problems.append(Problem(at, "repeated", "This move stands here twice."))
        seen.add((source.key, target.key))
        transitions.append(Transition(source=source.key, target=target.key, guards=guards))
    return tuple(transitions), problems


def _checked_guards(
    guards: Sequence[Guard], named: Named, pointer: str
) -> tuple[tuple[Guard, ...], Sequence[Problem]]:
    problems: list[Problem] = []
    if len(guards) > MOST_GUARDS:
        problems.append(Problem(pointer, "too-many", f"Must be at most {MOST_GUARDS} guards."))
        return (), problems
    checked: list[Guard] = []
    for index, guard in enumerate(guards):
        at = f"{pointer}/{index}"
        parameters, wrong = checked_parameters(guard.name, guard.parameters, named, at)
        problems.extend(wrong)
        checked.append(Guard(name=guard.name, parameters=parameters))
    return tuple(checked), problems
