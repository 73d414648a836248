"""What each person of a log wrote goes with that person, wherever it is repeated."""

from collections.abc import Sequence
from pathlib import Path

from commands.task.edit_task import EditTask
from domain.task.events import TaskFieldsChanged
from domain.task.state import TASK
from domain.values.recorded import Origin
from domain.values.text import ERASED
from infra.keys.destruction import DestroyedKeys, destroy_keys
from infra.postgres.pool import open_pool
from tests.infra.imports.conftest import Office
from tests.real import Database

EVENT = (
    '<event><string key="concept:name" value="open"/><string key="org:resource" value="{}"/>'
    '<string key="note" value="{}"/></event>'
)


def written(path: Path, *events: tuple[str, str]) -> Path:
    """A log of one trace, whose events are each of (who, what)."""
    text = "".join(EVENT.format(*event) for event in events)
    path.write_text(
        f'<log><trace><string key="concept:name" value="A"/>{text}</trace></log>',
        encoding="utf-8",
    )
    return path


async def test_erasing_one_of_the_people_leaves_the_words_of_the_others(
    office: Office, database: Database, tmp_path: Path
):
    events = [("Ann", "Ann's"), ("Bo", "Bo's")]
    _, place = await office.bring_in(written(tmp_path / "log.xes", *events))
    task_id = office.task_id(place, "A")
    edit = EditTask(task_id=task_id, fields={"note": "the importer's"})
    await office.house.executor.execute([edit], Origin(office.user_id))
    events.append(("Ann", "Ann's again"))
    await office.bring_in(written(tmp_path / "log.xes", *events))

    ann, bo = (office.tools.derive("user", "person", office.workspace_id, n) for n in ("Ann", "Bo"))
    assert await _changes(office, task_id) == [
        (bo, "Bo's", ann, "Ann's"),
        (office.user_id, "the importer's", bo, "Bo's"),
        (ann, "Ann's again", office.user_id, "the importer's"),
    ]
    task = await office.house.executor.states.read(TASK, task_id)
    assert task is not None
    assert (task.title_author, task.field_authors) == (office.user_id, {"note": ann})

    await _erase(office, bo, database, tmp_path)
    assert await _changes(office, task_id) == [
        (bo, ERASED, ann, "Ann's"),
        (office.user_id, "the importer's", bo, ERASED),
        (ann, "Ann's again", office.user_id, "the importer's"),
    ]
    await _erase(office, office.user_id, database, tmp_path)
    assert await _changes(office, task_id) == [
        (bo, ERASED, ann, "Ann's"),
        (office.user_id, ERASED, bo, ERASED),
        (ann, "Ann's again", office.user_id, ERASED),
    ]


async def _changes(office: Office, task_id: str) -> Sequence[tuple[object, ...]]:
    """Of each change of the field: who wrote what, and whose and what stood there before."""
    found = []
    for each in await office.house.store.read_stream(task_id):
        if isinstance(each.event, TaskFieldsChanged):
            now, was = (
                text if text is ERASED else text["note"]  # type: ignore[index]
                for text in (each.event.fields, each.event.was)
            )
            found.append((each.stamp.author_of("fields"), now, each.stamp.author_of("was"), was))
    return found


async def _erase(office: Office, person: str, database: Database, folder: Path) -> None:
    pool = await open_pool(database.owner_url, max_size=1)
    async with pool.connection() as connection:
        gone = await destroy_keys(connection, person, DestroyedKeys(folder / "destroyed-keys"))
    await pool.close()
    office.house.store.ring.drop(gone)
