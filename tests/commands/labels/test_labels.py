"""Tags are labels: made on first use, held by what never changes, and known without a read."""

import asyncio

from commands.labels.create_label import CreateLabel
from commands.labels.delete_label import DeleteLabel
from commands.labels.edit_label import EditLabel
from commands.labels.merge_label import MergeLabel
from commands.task.create_task import CreateTask
from commands.task.tag_task import TagTask
from commands.task.undo_change import UndoChange
from domain.labels.events import LabelCreated
from domain.labels.state import LABELS, labels_of
from domain.task.state import TASK
from infra.ids import new_id
from tests.commands.refusals import pointers


async def labels(house):
    return LABELS.fold(
        (each.event, each.stamp)
        for each in await house.store.read_stream(labels_of(house.workspace_id))
    )


async def test_a_tag_becomes_a_label_on_first_use_and_is_the_same_in_any_case(house):
    task = await house.task(tags=("Backend", "backend", "urgent"))
    assert task.tags == ("Backend", "urgent")
    assert (await house.task(tags=("BACKEND",))).tags == ("Backend",)
    known = await labels(house)
    assert {label.name for label in known.by_id.values()} == {"Backend", "urgent"}
    urgent = known.named("urgent").label_id
    assert (await house.task(tags=(urgent,))).tags == ("urgent",)
    command = CreateTask(title="x", project_id=house.project_id, tags=("a", new_id("lbl")))
    assert await pointers(house.run(house.ann, command)) == ["/tags/1"]


async def test_known_labels_cost_no_read_and_stand_in_nobodys_way(house):
    await house.task(tags=("a",))
    await house.task(tags=("a",))
    reads, appends = house.store.reads, house.store.appends
    await house.task(tags=("a",))
    assert (house.store.reads - reads, house.store.appends - appends) == (0, 1)
    label_id = next(iter((await labels(house)).by_id))
    # Another process renames it; a task made from what this one remembers is no conflict.
    rename = EditLabel(workspace_id=house.workspace_id, label_id=label_id, name="b")
    await house.other.run(house.ann, rename)
    appends = house.store.appends
    assert (await house.task(tags=("a",))).tags == ("a",)
    assert house.store.appends - appends == 1


async def test_two_first_uses_at_once_make_one_label(house):
    made = await asyncio.gather(
        *(
            process.run(
                house.ann,
                CreateTask(title=f"{n}", project_id=house.project_id, tags=("new", f"own{n}")),
            )
            for n in range(10)
            for process in (house, house.other)
        )
    )
    assert {outcome.state(TASK).tags[0] for outcome in made} == {"new"}
    events = await house.events(labels_of(house.workspace_id))
    assert sorted(each.name for each in events) == sorted(["new", *(f"own{n}" for n in range(10))])


async def test_tags_sent_back_as_they_are_shown_change_nothing(house):
    task = await house.task(tags=("a", "b", "c"))
    known = await labels(house)
    a, b, c = (known.named(each).label_id for each in "abc")
    for command in (
        EditLabel(workspace_id=house.workspace_id, label_id=a, name="x"),
        DeleteLabel(workspace_id=house.workspace_id, label_id=b),
    ):
        await house.run(house.ann, command)
    same = await house.run(house.ann, TagTask(task_id=task.task_id, tags=("X", "c")))
    assert not same.changed
    await house.run(house.ann, MergeLabel(workspace_id=house.workspace_id, label_id=c, into=a))
    assert not (await house.run(house.ann, TagTask(task_id=task.task_id, tags=("x",)))).changed
    changed = await house.run(house.ann, TagTask(task_id=task.task_id, tags=("x", "a")))
    new = (await labels(house)).named("a")
    assert changed.state(TASK).tags == ("a", new.label_id)


async def test_undo_gives_back_the_labels_that_were_held(house):
    task = await house.task(tags=("a",))
    a = (await labels(house)).named("a").label_id
    changed = await house.run(house.ann, TagTask(task_id=task.task_id, tags=("b",)))
    await house.run(house.ann, EditLabel(workspace_id=house.workspace_id, label_id=a, name="x"))
    await house.run(house.ann, CreateLabel(workspace_id=house.workspace_id, name="a"))
    undo = UndoChange(task_id=task.task_id, position=changed.position)
    assert (await house.run(house.ann, undo)).state(TASK).tags == ("a",)
    events = await house.events(labels_of(house.workspace_id))
    made = [each.name for each in events if isinstance(each, LabelCreated)]
    assert made == ["a", "b", "a"], "the label that came with it stays"
