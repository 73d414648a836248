"""Erasing a person takes their words out of every event, also of others', and nobody else's."""

from pathlib import Path
from typing import Any

import pytest

from commands.project.change_fields import ChangeFields
from commands.project.edit_project import EditProject
from commands.task.edit_task import EditTask
from commands.user.edit_profile import EditProfile
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.create_workspace import CreateWorkspace
from commands.workspace.rename_workspace import RenameWorkspace
from domain.project.events import ProjectRenamed
from domain.project.fields import FieldDraft
from domain.task.events import TaskFieldsChanged, TaskRetitled
from domain.task.state import TASK
from domain.user.events import UserRenamed
from domain.values.text import ERASED
from domain.workspace.events import WorkspaceRenamed
from infra.event_store.store import PostgresEventStore
from infra.keys.destruction import DestroyedKeys, destroy_keys
from infra.postgres.pool import open_pool
from tests.commands.conftest import House, process
from tests.infra.event_store.conftest import OpenStore
from tests.real import Database


class Erasure:
    """Ann's house, in which she and Bob write, and where either can be erased."""

    def __init__(
        self,
        house: House,
        stores: tuple[PostgresEventStore, ...],
        database: Database,
        destroyed: DestroyedKeys,
    ) -> None:
        self.house = house
        self._stores = stores
        self._database = database
        self._destroyed = destroyed

    async def of(self, person: str) -> None:
        pool = await open_pool(self._database.owner_url, max_size=1)
        async with pool.connection() as connection:
            gone = await destroy_keys(connection, person, self._destroyed)
        await pool.close()
        for store in self._stores:
            store.ring.drop(gone)

    async def last(self, stream: str, kind: type) -> Any:
        return [each for each in await self.house.events(stream) if type(each) is kind][-1]


@pytest.fixture
async def erasure(open_store: OpenStore, database: Database, tmp_path: Path) -> Erasure:
    first, second = await open_store(), await open_store()
    other = process(second, second)
    house = House(process(first, first).executor, first, first, other)
    ann = await house.register("ann")
    made = await house.run(ann, CreateWorkspace(name="Ann's house"))
    house.workspace_id = made.main_stream
    bob = await house.register("bob")
    await house.run(
        ann, AddWorkspaceMember(workspace_id=house.workspace_id, user_id=bob, role="admin")
    )
    house.project_id = (await house.project(name="Ann's project", key="WEB")).project_id
    fields = tuple(FieldDraft(key=key, name=key, type="text") for key in "abc")
    await house.run(ann, ChangeFields(project_id=house.project_id, fields=fields))
    return Erasure(house, (first, second), database, DestroyedKeys(tmp_path / "destroyed-keys"))


@pytest.mark.parametrize("in_one_process", [True, False])
@pytest.mark.parametrize("gone", ["ann", "bob"])
async def test_a_former_text_goes_with_its_writer_and_stays_without_whoever_changed_it(
    erasure: Erasure, gone: str, in_one_process: bool
):
    house = erasure.house
    task = await house.task("Ann's task", fields={"a": "Ann's"})
    changer = house if in_one_process else house.other
    for command in (
        EditTask(task_id=task.task_id, title="Bob's", fields={"a": "Bob's"}),
        EditProject(project_id=house.project_id, name="Bob's"),
        RenameWorkspace(workspace_id=house.workspace_id, name="Bob's"),
    ):
        await changer.run(house.bob, command)
    await erasure.of(house.people[gone])

    retitled = await erasure.last(task.task_id, TaskRetitled)
    changed = await erasure.last(task.task_id, TaskFieldsChanged)
    project = await erasure.last(house.project_id, ProjectRenamed)
    workspace = await erasure.last(house.workspace_id, WorkspaceRenamed)
    before = [retitled.was, changed.was, project.was, workspace.was]
    after = [retitled.title, changed.fields, project.name, workspace.name]
    if gone == "ann":
        assert before == [ERASED] * 4
        assert after == ["Bob's", {"a": "Bob's"}, "Bob's", "Bob's"]
    else:
        assert before == ["Ann's task", {"a": "Ann's"}, "Ann's project", "Ann's house"]
        assert after == [ERASED] * 4


async def test_what_several_people_wrote_goes_with_each_of_them_alone(erasure: Erasure):
    house = erasure.house
    task = await house.task(fields={"a": "Ann's"})
    await house.other.run(house.bob, EditTask(task_id=task.task_id, fields={"b": "Bob's"}))
    new = {"b": "2", "c": "2", "a": "2"}
    await house.run(house.ann, EditTask(task_id=task.task_id, fields=new))
    await erasure.of(house.bob)
    assert (await house.events(task.task_id))[2:] == [
        TaskFieldsChanged(fields={"b": "2", "c": "2"}, was=ERASED),
        TaskFieldsChanged(fields={"a": "2"}, was={"a": "Ann's"}),
    ]


async def test_an_erased_text_stays_erased_where_it_would_be_repeated(erasure: Erasure):
    house = erasure.house
    task = await house.task("Ann's task", actor=house.ann)
    await house.other.run(house.bob, EditTask(task_id=task.task_id, title="Bob's"))
    await erasure.of(house.bob)
    house.executor.states.forget(task.task_id)
    await house.run(house.ann, EditTask(task_id=task.task_id, title="Ann's again"))
    assert await erasure.last(task.task_id, TaskRetitled) == TaskRetitled(
        title="Ann's again", was=ERASED
    )


async def test_ones_own_former_names_go_with_oneself(erasure: Erasure):
    house = erasure.house
    await house.run(house.ann, EditProfile(user_id=house.ann, name="Ann Other"))
    await erasure.of(house.ann)
    assert await erasure.last(house.ann, UserRenamed) == UserRenamed(name=ERASED, was=ERASED)


async def test_who_wrote_what_is_the_same_from_the_log_as_from_memory(erasure: Erasure):
    house = erasure.house
    task = await house.task(fields={"a": "Ann's"})
    edit = EditTask(task_id=task.task_id, title="Bob's", fields={"b": "Bob's"})
    remembered = (await house.run(house.bob, edit)).state(TASK)
    recorded = await house.store.read_stream(task.task_id)
    assert TASK.fold((each.event, each.stamp) for each in recorded) == remembered
    assert remembered.title_author == house.bob
    assert remembered.field_authors == {"a": house.ann, "b": house.bob}
    assert [each.stamp.authors for each in recorded] == [None, {"was": house.ann}, None]
