"""Guards say what they take when a workflow is changed, and what is missing when they refuse."""

from typing import Any

import pytest

from domain.errors import Kind
from domain.project import process
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDefinition
from domain.project.guards import GUARDS, MoveFacts, Named, checked_parameters, fields_asked
from domain.project.workflow import DEFAULT_WORKFLOW, Guard, Transition, Workflow
from tests.domain.examples import ids, project_of
from tests.domain.given import LIMITS, Case

SIZE = FieldDefinition(field_id="fld_1", key="size", name="Size", type="text")
TAGS = FieldDefinition(field_id="fld_2", key="tags", name="Tags", type="text")


def guarded(*guards: Guard) -> Workflow:
    return Workflow(
        initial="todo",
        statuses=DEFAULT_WORKFLOW.statuses,
        transitions=(Transition(source="todo", target="done", guards=guards),),
    )


def project() -> Case[Any]:
    return project_of(ProjectFieldsChanged(fields=(SIZE, TAGS), was=()))


def test_parameters_are_kept_in_one_form():
    wanted = guarded(
        Guard(
            name="fields-present",
            parameters={"fields": ["size", "fields.size", "due_date", "tags", "fields.tags"]},
        ),
        Guard(name="only-roles", parameters={"project_roles": ["admin", "admin"]}),
        Guard(name="only-roles", parameters={"workspace_roles": ["owner"]}),
        Guard(name="comment-required"),
    )
    (event,) = process.change_workflow(project().state, wanted, ids("col", 6), LIMITS)
    assert [each.parameters for each in event.workflow.transitions[0].guards] == [
        {"fields": ["fields.size", "due_date", "tags", "fields.tags"]},
        {"project_roles": ["admin"]},
        {"workspace_roles": ["owner"]},
        {},
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "pointers"),
    [
        ("fields-present", {}, [""]),
        ("fields-present", {"fields": []}, ["/fields"]),
        ("fields-present", {"fields": "size"}, ["/fields"]),
        ("fields-present", {"fields": ["size", 5, "gone"]}, ["/fields/1", "/fields/2"]),
        ("fields-present", {"fields": ["size"], "who": 1}, ["/who"]),
        ("only-roles", {}, [""]),
        ("only-roles", {"project_roles": ["owner"]}, ["/project_roles/0"]),
        ("only-roles", {"workspace_roles": ["viewer", None]},
         ["/workspace_roles/0", "/workspace_roles/1"]),
        ("comment-required", {"words": 3}, ["/words"]),
        ("made-up", {}, [""]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_parameters_is_said_where_it_stands(name, parameters, pointers):
    wanted = guarded(Guard(name=name, parameters=parameters))
    project().when(process.change_workflow, wanted, ids("col", 6), LIMITS).invalid(
        *(f"/transitions/0/guards/0{pointer}" for pointer in pointers)
    )


def test_what_is_wrong_with_a_guard_is_said_with_what_it_takes():
    named = Named(fields={"size"}, project_roles=("admin",), workspace_roles=("owner",))
    for name, parameters, detail in (
        ("made-up", {}, f"Must be one of: {', '.join(GUARDS)}."),
        ("comment-required", {"x": 1}, "This guard has no such parameter."),
        ("only-roles", {"x": 1}, "This guard takes project_roles and workspace_roles."),
        ("only-roles", {}, "This guard needs project_roles or workspace_roles."),
        ("only-roles", {"project_roles": ["x"]}, "Must be one of admin."),
        ("only-roles", {"workspace_roles": ["x", "owner"]}, "Must be one of owner."),
        ("fields-present", {"fields": [5, "size"]}, "Must be a string."),
    ):
        kept, (problem,) = checked_parameters(name, parameters, named, "/at")
        assert problem.detail == detail
        assert problem.code in ("unknown", "incomplete", "invalid")
        assert kept.get("workspace_roles", ["owner"]) == ["owner"]
        assert kept.get("fields", ["fields.size"]) == ["fields.size"]
    for name, parameters, pointers in (
        ("only-roles", {"x": 1, "project_roles": [5, "king"]},
         ["/at/x", "/at/project_roles/0", "/at/project_roles/1"]),
        ("fields-present", {"fields": [5, "gone"]}, ["/at/fields/0", "/at/fields/1"]),
    ):  # fmt: skip
        _, problems = checked_parameters(name, parameters, named, "/at")
        assert [each.pointer for each in problems] == pointers
    blocked = GUARDS["no-unfinished-blockers"].check({}, MoveFacts(hidden_blockers=2))
    assert blocked is not None
    assert blocked.fields == {"blockers": [], "hidden_blockers": 2}
    assert fields_asked({"fields": ["fields.fields.", "due_date", "fields.a"]}) == ["fields.", "a"]
    assert fields_asked({}) == []


def test_unfinished_subtasks_are_counted_with_those_that_one_does_not_see():
    check = GUARDS["all-subtasks-done"].check
    for seen, hidden, ending in (
        (3, 0, ": 3 are not finished."),
        (3, 2, ": 5 are not finished, 2 of them in projects that you do not see."),
    ):
        facts = MoveFacts(unfinished_subtasks=("task_x",) * seen, hidden_subtasks=hidden)
        refusal = check({}, facts)
        assert refusal is not None
        assert refusal.detail == f"Finish its subtasks first, or cancel them{ending}"


def test_a_move_has_only_so_many_guards():
    wanted = guarded(*(Guard(name="comment-required") for _ in range(21)))
    project().when(process.change_workflow, wanted, ids("col", 6), LIMITS).invalid(
        "/transitions/0/guards"
    )


@pytest.mark.parametrize(
    ("name", "parameters", "facts", "missing"),
    [
        ("fields-present", {"fields": ["due_date", "fields.size"]},
         MoveFacts(held=frozenset({"due_date"})), ["fields.size"]),
        ("fields-present", {"fields": ["due_date"]}, MoveFacts(held=frozenset({"due_date"})), None),
        ("only-roles", {"project_roles": ["admin"], "workspace_roles": ["owner"]},
         MoveFacts(project_role="member", workspace_role="member"),
         ["project:admin", "workspace:owner"]),
        ("only-roles", {"project_roles": ["admin"]}, MoveFacts(project_role="admin"), None),
        ("only-roles", {"workspace_roles": ["owner"]},
         MoveFacts(project_role="admin", workspace_role="owner"), None),
        ("comment-required", {}, MoveFacts(), ["comment"]),
        ("comment-required", {}, MoveFacts(has_commented=True), None),
    ],
)  # fmt: skip
def test_a_guard_refuses_with_what_is_missing(name, parameters, facts, missing):
    refusal = GUARDS[name].check(parameters, facts)
    if missing is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.kind is Kind.GUARD_REFUSED
        assert refusal.fields == {"guard": name, "missing": missing}
