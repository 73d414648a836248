"""Any sequence of moves and changes of the workflow: a task always stands in a status that there
is, and a refusal says exactly what works instead."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import Invalid, Kind, Refused
from domain.project import process
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDefinition, required_in
from domain.project.guards import MoveFacts
from domain.project.state import PROJECT, Project
from domain.project.workflow import (
    CATEGORIES,
    DEFAULT_WORKFLOW,
    Guard,
    Status,
    Transition,
    Workflow,
    status_at,
)
from domain.task import decisions
from domain.task.moves import ways_from
from domain.task.state import TASK, Task
from tests.domain.examples import ids, project_of
from tests.domain.given import LIMITS, stamp
from tests.domain.tried import tried

KEYS = ("a", "b", "c", "d", "e")
SIZE = FieldDefinition(field_id="fld_1", key="size", name="Size", type="number")

guards = st.sampled_from(
    (
        Guard(name="no-unfinished-blockers"),
        Guard(name="fields-present", parameters={"fields": ["estimate"]}),
        Guard(name="fields-present", parameters={"fields": ["size"]}),
        Guard(name="only-roles", parameters={"project_roles": ["admin"]}),
        Guard(name="comment-required"),
    )
)


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=5, unique=True))
    moves = draw(
        st.lists(
            st.tuples(st.sampled_from(keys), st.sampled_from(keys), st.lists(guards, max_size=2)),
            max_size=10,
            unique_by=lambda move: (move[0], move[1]),
        )
    )
    return Workflow(
        initial=draw(st.sampled_from(keys)),
        statuses=tuple(
            Status(key=key, name=f"Name of {key}", category=draw(st.sampled_from(CATEGORIES)))
            for key in keys
        ),
        transitions=tuple(
            Transition(source=source, target=target, guards=tuple(some))
            for source, target, some in moves
            if source != target
        ),
        any_move=draw(st.integers(0, 5)) == 0,
    )


facts_known = st.builds(
    MoveFacts,
    unfinished_blockers=st.sampled_from([(), ("task_x",)]),
    project_role=st.sampled_from(["admin", "member"]),
    has_commented=st.booleans(),
)


class Moves(RuleBasedStateMachine):
    tasks = Bundle("tasks")

    @initialize(workflow=workflows())
    def begin(self, workflow: Workflow) -> None:
        made = ProjectFieldsChanged(fields=(SIZE,), was=())
        self.project: Project = project_of(made, workflow=DEFAULT_WORKFLOW).state
        self.standing: dict[str, Task] = {}
        self.change_workflow(workflow, data=None)

    @rule(target=tasks, number=st.integers(0, 99))
    def create(self, number: int) -> str:
        task_id = f"task_{len(self.standing):026}"
        initial = status_at(self.project.workflow, self.project.workflow.initial)
        assert initial is not None
        required = required_in(self.project.fields, self.project.workflow, initial)
        if required:
            with pytest.raises(Invalid):
                decisions.create(self.project, title="x", rank="a1", limits=LIMITS)
        events = decisions.create(
            self.project,
            title="x",
            rank="a1",
            limits=LIMITS,
            fields={"size": number} if required else {},
        )
        task = TASK.fold([(each, stamp(1, task_id)) for each in events])
        assert task is not None
        self.standing[task_id] = task
        return task_id

    @rule(task=tasks, to=st.sampled_from(KEYS), facts=facts_known)
    def move(self, task: str, to: str, facts: MoveFacts) -> None:
        before = self.standing[task]
        try:
            events = decisions.change_status(before, self.project, to, "b1", facts)
        except Invalid:
            assert status_at(self.project.workflow, to) is None
            return
        except Refused as refusal:
            self.check_refusal(before, refusal, facts)
            return
        self.apply(task, events)
        assert self.standing[task].status == to

    def check_refusal(self, task: Task, refusal: Refused, facts: MoveFacts) -> None:
        """What it says is allowed works, and each other status is refused for the reason given."""
        others = {each.key for each in self.project.workflow.statuses} - {task.status}
        allowed = refusal.fields["allowed"]
        refused = {each["status"]: each for each in refusal.fields["refused"]}
        assert {*allowed, *refused} == others
        assert len(allowed) + len(refused) == len(others)
        assert refused[refusal.fields["to"]]["code"] == refusal.kind
        for key in allowed:
            (event,) = decisions.change_status(task, self.project, key, "b1", facts)
            assert event.status == key  # type: ignore[union-attr]
        for key, why in refused.items():
            with pytest.raises(Refused) as caught:
                decisions.change_status(task, self.project, key, "b1", facts)
            assert caught.value.kind == why["code"]
            for name in ("guard", "missing", "blockers"):
                assert caught.value.fields.get(name) == why.get(name)

    @rule(task=tasks, size=st.none() | st.integers(0, 9), estimate=st.none() | st.integers(0, 9))
    def fill_in(self, task: str, size: int | None, estimate: int | None) -> None:
        before = self.standing[task]
        self.apply(task, decisions.set_estimate(before, estimate))
        before = self.standing[task]
        required = decisions.required_fields(before, self.project)
        try:
            events = decisions.change_fields(
                before, self.project.fields, {"size": size}, LIMITS, required
            )
        except Invalid:
            assert size is None
            assert required == ("size",)
            return
        self.apply(task, events)

    @rule(required=st.lists(st.sampled_from([*KEYS, *CATEGORIES]), max_size=2))
    def require(self, required: list[str]) -> None:
        field = replace(SIZE, required_at=tuple(dict.fromkeys(required)))
        self.change(ProjectFieldsChanged(fields=(field,), was=self.project.fields))

    @rule(workflow=workflows(), data=st.data())
    def change_workflow(self, workflow: Workflow, data: st.DataObject | None) -> None:
        """As the command does it: tasks of statuses that go, or change their category, move in
        the same commit, or the change is refused."""
        former = self.project
        (*changed,) = process.change_workflow(former, workflow, ids("col", 5), LIMITS)
        after = changed[0].workflow if changed else former.workflow
        gone = [each.key for each in former.workflow.statuses if status_at(after, each.key) is None]
        move_to: dict[str, str] = {}
        if data is not None:
            chosen = data.draw(st.lists(st.sampled_from(gone), unique=True)) if gone else []
            new = st.sampled_from([each.key for each in after.statuses])
            move_to = {key: data.draw(new) for key in chosen}
        resettling = process.resettle(former.workflow, after, move_to)
        in_use = {each.status for each in self.standing.values()}
        if in_use & set(resettling.without_target):
            return
        required = process.follow_statuses(former, after, resettling)
        for event in (*changed, *required):
            self.change(event)
        for task_id, task in self.standing.items():
            target = resettling.statuses.get(task.status)
            if target is not None:
                self.apply(task_id, decisions.resettle(task, target))

    def apply(self, task_id: str, events: Any) -> None:
        for event in events:
            task = self.standing[task_id]
            after = TASK.evolve(task, event, stamp(task.version + 1, task_id))
            assert after is not None
            self.standing[task_id] = after

    def change(self, event: Any) -> None:
        after = PROJECT.evolve(
            self.project, event, stamp(self.project.version + 1, self.project.project_id)
        )
        assert after is not None
        self.project = after

    @invariant()
    def every_task_stands_where_there_is_a_status(self) -> None:
        for task in self.standing.values():
            status = status_at(self.project.workflow, task.status)
            assert status is not None
            assert status.category == task.status_category
            assert (task.completed_at is not None) == (task.status_category == "done")

    @invariant()
    def the_board_has_every_status_once(self) -> None:
        placed = [key for column in self.project.columns for key in column.statuses]
        assert sorted(placed) == sorted(each.key for each in self.project.workflow.statuses)

    @invariant()
    def where_a_task_may_go_is_where_its_moves_and_guards_let_it(self) -> None:
        workflow = self.project.workflow
        for task in self.standing.values():
            for way in ways_from(task, self.project, MoveFacts(project_role="admin")):
                moves = [
                    each
                    for each in workflow.transitions
                    if (each.source, each.target) == (task.status, way.status.key)
                ]
                missing = [
                    key
                    for key in required_in(self.project.fields, workflow, way.status)
                    if task.fields.get(key) is None
                ]
                if way.refusal is None:
                    assert workflow.any_move or moves
                    assert not missing
                elif not moves and not workflow.any_move:
                    assert way.refusal.kind is Kind.TRANSITION_NOT_ALLOWED


Moves.TestCase.settings = tried(
    60,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)
TestMoves = Moves.TestCase
