"""Every bound lets through exactly as much as it says, and says where there is one too many."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.labels import decisions as labels
from domain.labels.events import LabelCreated, LabelDeleted
from domain.labels.state import LABELS
from domain.project import decisions as projects
from domain.project import process
from domain.project.board import ColumnDraft
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDefinition, FieldDraft
from domain.project.types import TaskType
from domain.project.workflow import DEFAULT_WORKFLOW, Guard, Status, Transition, Workflow
from domain.recurrence.rule import checked_rule
from domain.task import decisions as tasks
from domain.user import decisions as users
from domain.user.state import USER
from domain.values.limits import Limits
from tests.domain.examples import ids, project_of, task_of
from tests.domain.given import LIMITS, Case, Then, given

THREE = Limits(
    statuses=3, transitions=3, types=3, columns=3, fields=3, field_options=3, fields_bytes=3,
    tags=3, assignees=3, labels=3, title=3, description_bytes=3,
)  # fmt: skip

STATUSES = DEFAULT_WORKFLOW.statuses


def workflow(statuses: int = 3, moves: int = 0, guards: int = 0) -> Then:
    some = tuple(Status(key=f"s{n}", name=f"S{n}", category="todo") for n in range(statuses))
    ways = [(a.key, b.key) for a in some for b in some if a != b]
    transitions = tuple(
        Transition(source=a, target=b, guards=(Guard(name="comment-required"),) * guards)
        for a, b in ways[:moves]
    )
    changed = Workflow(initial="s0", statuses=some, transitions=transitions)
    return project_of().when(process.change_workflow, changed, ids("col"), THREE)


def types(count: int) -> Then:
    several = tuple(TaskType(key=f"t{n}", name=f"T{n}") for n in range(count))
    return project_of().when(process.change_types, several, THREE)


def columns(count: int) -> Then:
    drafts = [ColumnDraft(name=each.name, statuses=(each.key,)) for each in STATUSES[:count]]
    left = tuple(each.key for each in STATUSES[count:])
    drafts[0] = replace(drafts[0], statuses=(*drafts[0].statuses, *left))
    return project_of().when(process.change_columns, drafts, ids("col", count), THREE)


def wip_limit(limit: int) -> Then:
    draft = ColumnDraft(
        name="All",
        statuses=tuple(each.key for each in STATUSES),
        wip_limit=limit,
        lane_wip_limit=limit,
    )
    return project_of().when(process.change_columns, [draft], ids("col", 1), THREE)


def fields(*drafts: FieldDraft) -> Then:
    return project_of().when(process.change_fields, drafts, ids("fld", len(drafts)), THREE)


def field(**other: Any) -> FieldDraft:
    return FieldDraft(**{"key": "a", "name": "A", "type": "text", **other})


def task(**other: Any) -> Then:
    made = {"title": "x", "rank": "a1", "limits": THREE, **other}
    return project_of().when(tasks.create, **made)


def custom(count: int) -> Then:
    definition = FieldDefinition(field_id="fld_1", key="a", name="A", type="text")
    project = project_of(ProjectFieldsChanged(fields=(definition,), was=()))
    return project.when(tasks.create, title="x", rank="a1", limits=THREE, fields={"a": "x" * count})


def label(count: int) -> Then:
    made = (LabelCreated(label_id=f"lbl_{n}", tag=f"t{n}", name=f"t{n}", colour="red")
            for n in range(count - 1))  # fmt: skip
    wanted = {"label_id": "lbl_x", "name": "x", "colour": None}
    return given(LABELS, "labels_1", *made).when(
        labels.create, **wanted, limits=replace(THREE, tag=9)
    )


def ever(known: int) -> Case[Any]:
    """A workspace that has had so many labels, of which two are left."""
    many = [LabelCreated(label_id=f"lbl_{n}", tag=f"t{n}", name=f"t{n}", colour="red")
            for n in range(known)]  # fmt: skip
    gone = [LabelDeleted(label_id=each.label_id, name=each.name) for each in many[2:]]
    return given(LABELS, "labels_1", *many, *gone)


def labels_ever(count: int) -> Then:
    return ever(count - 1).when(
        labels.create, label_id="lbl_x", name="x", colour=None, limits=replace(THREE, tag=9)
    )


def address(length: int) -> Then:
    email = "a@" + "b" * (length - 5) + ".de"
    described = {"username": "ann", "name": None, "workspace_id": "ws_1", "project_id": "proj_1",
                 "time_zone": "UTC", "locale": "en", "limits": LIMITS}  # fmt: skip
    return given(USER, "user_1").when(lambda _: users.register(email=email, **described))


def rule(length: int) -> Then:
    return given(USER, "user_1").when(
        lambda _: [checked_rule("FREQ=DAILY".ljust(length))]  # space around it is left out
    )


@pytest.mark.parametrize(
    ("most", "decide", "place"),
    [
        (3, workflow, "/statuses too-many"),
        (3, lambda n: workflow(moves=n), "/transitions too-many"),
        (20, lambda n: workflow(moves=1, guards=n), "/transitions/0/guards too-many"),
        (3, types, "/types too-many"),
        (3, columns, "/columns too-many"),
        (1_000_000, wip_limit, "/columns/0/wip_limit invalid"),
        (3, lambda n: fields(*(field(key=f"f{m}") for m in range(n))), "/fields too-many"),
        (3, lambda n: fields(field(type="choice", options=tuple("abcd"[:n]))),
         "/fields/0/options too-many"),
        (7, lambda n: fields(field(required_at=("done",) * n)), "/fields/0/required_at too-many"),
        (3, lambda n: task(tags=list("abcd"[:n])), "/tags too-many"),
        (3, lambda n: task(assignee_ids=list("abcd"[:n])), "/assignee_ids too-many"),
        (3, lambda n: task(external_id="x" * n), "/external_id too-long"),
        (3, lambda n: task(title="x" * n), "/title too-long"),
        (10**9, lambda n: task(estimate=float(n)), "/estimate invalid"),
        (3, custom, "/fields too-long"),
        (3, lambda n: task(description="x" * n), "/description too-long"),
        (3, label, "/name too-many"),
        (30, labels_ever, "/name too-many"),
        (254, address, "/email invalid"),
        (500, rule, "/rule too-long"),
    ],
)  # fmt: skip
def test_so_many_and_no_more(most: int, decide: Callable[[int], Then], place: str):
    assert decide(most).decide()
    places = [place, place.replace("wip", "lane_wip")] if "wip" in place else [place]
    decide(most + 1).invalid(*places)


@pytest.mark.parametrize(
    ("least", "decide", "place"),
    [
        (1, workflow, "/statuses too-many"),
        (1, types, "/types too-many"),
        (1, wip_limit, "/columns/0/wip_limit invalid"),
        (1, lambda n: fields(field(type="choices", options=("a",) * n)),
         "/fields/0/options too-many"),
        (0, lambda n: task(estimate=float(n)), "/estimate invalid"),
    ],
)  # fmt: skip
def test_so_few_and_no_fewer(least: int, decide: Callable[[int], Then], place: str):
    assert decide(least).decide()
    places = [place, place.replace("wip", "lane_wip")] if "wip" in place else [place]
    decide(least - 1).invalid(*places)


def test_a_board_has_a_column_and_a_number_is_finite():
    project_of().when(process.change_columns, [], [], LIMITS).invalid("/columns too-many")
    for wrong in (float("inf"), float("-inf"), float("nan")):
        task_of().when(tasks.set_estimate, wrong).invalid("/estimate")


def test_a_deleted_label_comes_back_while_there_is_room_among_those_shown():
    few = replace(LIMITS, labels=3)
    assert ever(30).when(labels.restore, "lbl_9", few).decide()
    ever(30).when(labels.restore, "lbl_9", replace(LIMITS, labels=2)).invalid(" too-many")


def test_there_are_as_many_fresh_ids_as_there_may_be_new_things():
    draft = ColumnDraft(name="All", statuses=tuple(each.key for each in STATUSES))
    with pytest.raises(ValueError, match="zip"):
        project_of().when(process.change_columns, [draft], [], LIMITS).decide()
    with pytest.raises(ValueError, match="zip"):
        project_of().when(process.change_fields, [field()], [], LIMITS).decide()
    with pytest.raises(ValueError, match="zip"):
        project_of().when(
            lambda _: projects.create(
                key="WEB", name="x", owner_id="a", column_ids=[], limits=LIMITS
            )
        ).decide()
