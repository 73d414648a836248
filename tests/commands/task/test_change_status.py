"""Moves pass their guards with what is true when they enter the log."""

from commands.comment.add_comment import AddComment
from commands.labels.delete_label import DeleteLabel
from commands.labels.restore_label import RestoreLabel
from commands.project.change_columns import ChangeColumns
from commands.project.change_workflow import ChangeWorkflow
from commands.task.change_status import ChangeStatus
from commands.task.edit_task import EditTask
from commands.task.move_task import MoveTask
from commands.task.moving import ways_of
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from domain.errors import Kind
from domain.labels.state import LABELS, labels_of
from domain.project.board import ColumnDraft
from domain.project.state import PROJECT
from domain.project.workflow import DEFAULT_WORKFLOW, Guard, Transition
from domain.task.state import TASK
from domain.values.recorded import Origin
from tests.commands.refusals import refusal


async def guard(house, *guards: Guard) -> None:
    """From todo to done only past these guards; to cancelled without."""
    await house.run(
        house.ann,
        ChangeWorkflow(
            project_id=house.project_id,
            initial="todo",
            statuses=DEFAULT_WORKFLOW.statuses,
            transitions=(
                Transition(source="todo", target="done", guards=guards),
                Transition(source="todo", target="cancelled"),
                Transition(source="done", target="todo"),
            ),
        ),
    )


def to_done(task_id: str) -> ChangeStatus:
    return ChangeStatus(task_id=task_id, status="done")


async def test_only_some_roles_may(house):
    await guard(
        house,
        Guard(
            name="only-roles",
            parameters={"project_roles": ["admin"], "workspace_roles": ["admin"]},
        ),
    )
    task_id = (await house.task()).task_id
    refused = await refusal(house.other.run(house.bob, to_done(task_id)))
    assert refused.kind is Kind.GUARD_REFUSED
    assert refused.fields["missing"] == ["project:admin", "workspace:admin"]
    assert refused.fields["allowed"] == ["cancelled"]
    # The owner of a workspace is an admin of its projects.
    assert (await house.run(house.ann, to_done(task_id))).state(TASK).status == "done"


async def test_fields_sent_along_are_present(house):
    await guard(house, Guard(name="fields-present", parameters={"fields": ["estimate"]}))
    task_id = (await house.task()).task_id
    refused = await refusal(house.run(house.bob, to_done(task_id)))
    assert (refused.fields["guard"], refused.fields["missing"]) == ("fields-present", ["estimate"])
    both = (EditTask(task_id=task_id, estimate=3), to_done(task_id))
    assert (await house.run(house.bob, *both)).state(TASK).status == "done"


async def test_a_tag_whose_label_was_deleted_is_no_tag(house):
    await guard(house, Guard(name="fields-present", parameters={"fields": ["tags"]}))
    task_id = (await house.task(tags=("urgent",))).task_id
    other = (await house.task(tags=("urgent",))).task_id
    labels = await house.executor.states.read(LABELS, labels_of(house.workspace_id))
    (label,) = labels.by_id.values()
    named = {"workspace_id": house.workspace_id, "label_id": label.label_id}
    await house.run(house.ann, DeleteLabel(**named))
    refused = await refusal(house.run(house.bob, to_done(task_id)))
    assert (refused.fields["guard"], refused.fields["missing"]) == ("fields-present", ["tags"])
    assert refused.fields["allowed"] == ["cancelled"]
    # What the same request tags it with counts, and so does a label that comes back.
    both = (TagTask(task_id=task_id, tags=("calm",)), to_done(task_id))
    await house.run(house.bob, *both)
    await house.run(house.ann, RestoreLabel(**named))
    assert (await house.run(house.bob, to_done(other))).state(TASK).status == "done"


async def test_a_comment_counts_that_the_mover_made_since_the_task_came_here(house):
    await guard(house, Guard(name="comment-required"))
    task_id = (await house.task()).task_id
    await house.run(house.ann, AddComment(task_id=task_id, text="By another"))
    refused = await refusal(house.run(house.bob, to_done(task_id)))
    assert (refused.fields["guard"], refused.fields["missing"]) == ("comment-required", ["comment"])
    await house.run(house.bob, AddComment(task_id=task_id, text="Because"))
    await house.run(house.bob, to_done(task_id))
    await house.run(house.bob, ChangeStatus(task_id=task_id, status="todo"))
    # What was said before it came back is not said about this move.
    refused = await refusal(house.run(house.bob, MoveTask(task_id=task_id, status="done")))
    assert refused.kind is Kind.GUARD_REFUSED
    along = (
        EditTask(task_id=task_id),
        AddComment(task_id=task_id, text="Again"),
        MoveTask(task_id=task_id, status="done"),
    )
    done = await house.run(house.bob, *along)
    assert done.state(TASK).status == "done"
    last = (await house.log())[-2:]
    assert len({each.command_id for each in last}) == 1
    assert done.main_stream == task_id


async def test_a_refused_move_makes_no_comment(house):
    await guard(house, Guard(name="only-roles", parameters={"project_roles": ["admin"]}))
    task_id = (await house.task()).task_id
    before = len(await house.log())
    await refusal(
        house.run(house.bob, AddComment(task_id=task_id, text="Please"), to_done(task_id))
    )
    assert len(await house.log()) == before


async def test_a_full_column_is_not_among_what_is_allowed(house):
    await guard(house, Guard(name="comment-required"))
    task = await house.task()
    await house.task(status="cancelled")
    project = await house.executor.states.read(PROJECT, house.project_id)
    drafts = tuple(
        ColumnDraft(
            column_id=each.column_id,
            name=each.name,
            statuses=each.statuses,
            wip_limit=1 if "cancelled" in each.statuses else None,
        )
        for each in project.columns
    )
    await house.run(house.ann, ChangeColumns(project_id=house.project_id, columns=drafts))
    refused = await refusal(house.run(house.bob, to_done(task.task_id)))
    assert refused.fields["allowed"] == []
    why = {each["status"]: each["code"] for each in refused.fields["refused"]}
    assert (why["done"], why["cancelled"]) == ("guard-refused", "wip-limit-reached")
    _, ways = await house.executor.ask(Origin(house.bob), lambda work: ways_of(work, task.task_id))
    (full,) = [way.refusal for way in ways if way.status.key == "cancelled"]
    assert full is not None
    assert (full.kind, full.fields["limit"]) == (Kind.WIP_LIMIT_REACHED, 1)


async def test_where_a_task_may_go_is_what_a_move_would_say(house):
    await guard(house, Guard(name="only-roles", parameters={"project_roles": ["admin"]}))
    task_id = (await house.task()).task_id

    async def ways(actor: str):
        _, found = await house.other.executor.ask(
            Origin(actor), lambda work: ways_of(work, task_id)
        )
        return {way.status.key: None if way.refusal is None else way.refusal.kind for way in found}

    assert [key for key, kind in (await ways(house.ann)).items() if kind is None] == [
        "done",
        "cancelled",
    ]
    seen = await ways(house.bob)
    assert (seen["done"], seen["cancelled"]) == (Kind.GUARD_REFUSED, None)
    assert seen["in_review"] is Kind.TRANSITION_NOT_ALLOWED
    assert set((await ways(house.auditor)).values()) == {Kind.FORBIDDEN}
    await house.run(house.ann, TrashTask(task_id=task_id))
    # Another process has trashed it: the question is never answered from memory alone.
    assert set((await ways(house.ann)).values()) == {Kind.TRASHED}
    stranger = await refusal(
        house.executor.ask(Origin(house.eve), lambda work: ways_of(work, task_id))
    )
    assert stranger.kind is Kind.NOT_FOUND
