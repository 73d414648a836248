"""Text is readable with its author's key, and with nothing else."""

import hmac
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from commands.commit import NewEvent
from domain.errors import Kind, Refused
from domain.project.events import ProjectRenamed
from domain.record.disclosure import SealBroken, open_field, place
from domain.task.events import TaskRecordImported
from domain.user.events import UserRegistered
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Origin
from domain.values.text import ERASED
from infra.event_store.sealing import Sealer, unseal
from infra.event_store.store import PostgresEventStore
from infra.keys.content_keys import SealingKey
from infra.keys.destruction import DestroyedKeys, destroy_again, destroy_keys
from infra.keys.master import KeyUnusable, MasterKeys, make_key_file, new_key
from infra.keys.rotation import rotate
from infra.postgres.pool import Connection, open_pool
from infra.processes import careful
from infra.processes.folding import Undecoded
from tests.infra.event_store.conftest import OpenStore
from tests.infra.event_store.made import (
    WORKSPACE,
    a_stream,
    commit,
    creation,
    event,
    retitled,
    task_created,
)
from tests.real import Database

Superuser = psycopg.Connection[Any]

ADA, BOB = "user_ada", "user_bob"
WHERE = place("ws", "task_1", 3, "TaskRetitled.v1")


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    pool = await open_pool(database.owner_url, max_size=1)
    async with pool.connection() as connection:
        yield connection
    await pool.close()


@pytest.fixture
def destroyed(tmp_path: Path) -> DestroyedKeys:
    return DestroyedKeys(tmp_path / "destroyed-keys")


def by(actor: str, *events: NewEvent, **options: Any) -> Any:
    return commit(*events, origin=Origin(actor, **options.pop("origin", {})), **options)


async def test_no_text_stands_in_the_database(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    secret = "a-secret-text"
    user = a_stream("user")
    await store.append(
        by(
            ADA,
            event(a_stream(), task_created(title=secret, description=secret, fields={"a": secret})),
            event(a_stream("proj"), ProjectRenamed(name=secret, was=secret)),
            event(
                user,
                UserRegistered(
                    username=secret, email=secret, name=secret, default_workspace_id="ws"
                ),
                workspace_id=SYSTEM_WORKSPACE,
                subject=user,
            ),
            origin={"reason": secret, "ip": secret},
        )
    )
    tables = superuser.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname IN ('log', 'keys', 'people', 'ops')"
    ).fetchall()
    assert len(tables) > 8
    for (table,) in tables:
        text = superuser.execute(
            sql.SQL("SELECT count(*) FROM {} t WHERE t::text LIKE ANY (%s)").format(sql.SQL(table)),
            ([f"%{secret}%", f"%{secret.encode().hex()}%"],),
        ).fetchone()
        assert text == (0,), table


async def test_metadata_comes_back_whole(store: PostgresEventStore) -> None:
    origin = Origin(
        ADA,
        request_id="req-1",
        correlation_id="trace",
        causation_id="rule",
        via="import",
        key_id="key_1",
        ip="192.0.2.1",
        reason="because",
    )
    stream = a_stream()
    made = commit(event(stream, retitled()), origin=origin)
    await store.append(made)
    (recorded,) = await store.read_stream(stream)
    assert recorded.origin == origin
    assert recorded.command_id == made.command_id.hex()
    assert recorded.stamp.actor == ADA


async def test_an_address_is_not_opened_for_those_who_need_none(open_store: OpenStore) -> None:
    origin = Origin(ADA, ip="192.0.2.1", reason="because")
    stream = a_stream()
    store = await open_store()
    await store.append(commit(event(stream, retitled()), origin=origin))
    other = await open_store(as_worker=True, addresses=False)
    (recorded,) = await other.read_stream(stream)
    assert recorded.origin == replace(origin, ip=None)


async def test_the_address_of_an_event_that_cannot_be_read_is_told_all_the_same(
    open_store: OpenStore,
) -> None:
    first, second = a_stream(), a_stream()
    origin = Origin(ADA, key_id="key_1", ip="192.0.2.1", reason="because")
    made = commit(event(first, retitled()), event(second, retitled()), origin=origin)
    position = (await (await open_store()).append(made)).position
    store = await open_store(as_worker=True, addresses=False)
    rows = await store.read_rows(position - 1, position)
    whole, other = await store.decode(rows, aliases=True)
    assert other.origin is whole.origin, "one command's is opened once"
    assert isinstance(whole.origin.ip, str)
    assert whole.origin.ip != origin.ip
    spoilt = msgspec.structs.replace(rows[0], payload=b"\xc1")
    (unread,) = await careful.decode(store, [spoilt], aliases=True)
    assert isinstance(unread.event, Undecoded)
    expected = replace(whole, event=None, origin=replace(whole.origin, reason=None))
    assert replace(unread, event=None) == expected
    elsewhere = msgspec.structs.replace(spoilt, version=9)
    (unread,) = await careful.decode(store, [elsewhere], aliases=True)
    assert (unread.origin.ip, unread.origin.key_id, unread.stamp.actor) == (None, "key_1", ADA)
    nothing = msgspec.structs.replace(spoilt, metadata=b"\xc1")
    (unread,) = await careful.decode(store, [nothing], aliases=True)
    assert (unread.stamp.actor, unread.position) == ("", rows[0].position)


async def test_a_destroyed_key_erases_one_persons_text_and_no_other(
    store: PostgresEventStore, owner: Connection, destroyed: DestroyedKeys
) -> None:
    task, project, user = a_stream(), a_stream("proj"), a_stream("user")
    registered = UserRegistered(
        username="ada", email="a@b.example", name="Ada", default_workspace_id="ws"
    )
    await store.append(by(ADA, event(task, task_created(title="Ada's"))))
    await store.append(
        by(
            BOB,
            event(task, replace(retitled("Bob's"), was="Ada's"), authors={"was": ADA}),
            expected={task: 1},
        )
    )
    await store.append(by(ADA, event(user, registered, workspace_id=SYSTEM_WORKSPACE, subject=ADA)))
    await store.append(
        by(
            BOB,
            event(project, ProjectRenamed(name="Elsewhere", was=""), workspace_id="ws_other"),
            workspace_id="ws_other",
        )
    )
    gone = await destroy_keys(owner, ADA, destroyed)
    store.ring.drop(gone)

    created, renamed = [each.event for each in await store.read_stream(task)]
    assert (created.title, created.description, created.status) == (ERASED, ERASED, "todo")
    assert (renamed.title, renamed.was) == ("Bob's", ERASED)
    (person,) = await store.read_stream(user)
    assert person.event == replace(registered, username=ERASED, email=ERASED, name=ERASED)
    (other,) = await store.read_stream(project)
    assert other.event.name == "Elsewhere"


async def test_an_erased_text_can_stand_in_a_new_event(
    store: PostgresEventStore,
) -> None:
    task = a_stream()
    await store.append(by(ADA, event(task, replace(retitled("New"), was=ERASED))))
    (recorded,) = await store.read_stream(task)
    assert recorded.event == replace(retitled("New"), was=ERASED)


async def test_in_an_imported_record_each_person_is_under_their_own_key(
    store: PostgresEventStore, owner: Connection, destroyed: DestroyedKeys
) -> None:
    def record(who: str) -> TaskRecordImported:
        return TaskRecordImported(
            source="log.xes",
            ordinal=1,
            status="Accepted",
            was=None,
            activity="Accepted",
            lifecycle="In Progress",
            resource_id=who,
            resource=f"Name of {who}",
            attributes={"impact": "Medium", "nested": {"list": [1, "two", None]}},
        )

    task = a_stream()
    await store.append(
        by(
            "user_importer",
            event(task, record(ADA), subject=ADA),
            event(task, record(BOB), subject=BOB),
        )
    )
    store.ring.drop(await destroy_keys(owner, ADA, destroyed))
    first, second = [each.event for each in await store.read_stream(task)]
    assert first == replace(record(ADA), resource=ERASED)
    assert second == record(BOB)


async def test_what_was_destroyed_stays_destroyed_after_a_restore(
    store: PostgresEventStore,
    owner: Connection,
    destroyed: DestroyedKeys,
    tmp_path: Path,
    superuser: Superuser,
) -> None:
    stream = a_stream()
    await store.append(by(ADA, event(stream, retitled())))
    backup = superuser.execute("TABLE keys.sealing_keys").fetchall()
    gone = await destroy_keys(owner, ADA, destroyed)
    assert await destroy_keys(owner, ADA, destroyed) == [], "a second time changes nothing"

    with superuser.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO keys.sealing_keys VALUES (%s, %s, %s, %s, %s, %s, %s)", backup
        )
    store.ring.drop()
    (recorded,) = await store.read_stream(stream)
    assert recorded.event == retitled()

    with (tmp_path / "destroyed-keys").open("a") as file:
        file.write("0b7b7f9e-cut sh")
    destroyed.add([uuid.uuid4()])
    assert len(destroyed.ids()) == len(gone) + 1
    assert set(await destroy_again(owner, destroyed)) == set(gone)
    store.ring.drop()
    (recorded,) = await store.read_stream(stream)
    assert recorded.event == replace(retitled(), title=ERASED, was=ERASED)


async def test_keys_are_durable_before_the_event_that_needs_them(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    """They are there even when the commit that made them necessary is refused."""
    stream = a_stream()
    await store.append(commit(event(stream)))
    with pytest.raises(Refused) as refusal:
        await store.append(by(ADA, event(stream, retitled())))
    assert refusal.value.kind is Kind.CONFLICT
    found = superuser.execute(
        "SELECT kind, workspace_id FROM keys.sealing_keys WHERE owner = %s", (ADA,)
    )
    assert found.fetchall() == [("content", WORKSPACE)]


async def test_two_processes_make_one_key(open_store: OpenStore, superuser: Superuser) -> None:
    stores = [await open_store() for _ in range(3)]
    streams = [a_stream() for _ in range(12)]
    for index, stream in enumerate(streams):
        await stores[index % 3].append(by(f"user_{index % 2}", event(stream, retitled())))
    keys = superuser.execute("SELECT count(*) FROM keys.sealing_keys").fetchone()
    assert keys == (2,)
    for index, stream in enumerate(streams):
        (recorded,) = await stores[(index + 1) % 3].read_stream(stream)
        assert recorded.event == retitled()


async def test_a_text_put_in_another_events_place_does_not_open(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    one, other = a_stream(), a_stream()
    await store.append(by(ADA, event(one, retitled("one"))))
    await store.append(by(ADA, event(other, retitled("two"))))
    superuser.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
    superuser.execute(
        "UPDATE log.events e SET payload = o.payload FROM log.events o"
        " WHERE o.stream = %s AND e.stream = %s",
        (one, other),
    )
    with pytest.raises(SealBroken):
        await store.read_stream(other)


@pytest.mark.parametrize("length", [0, 16, 32, 64])
def test_a_fields_key_is_the_first_step_of_hkdf_expand(length: int) -> None:
    secret = os.urandom(length)
    key = SealingKey(os.urandom(16), secret)
    for info in (b"", b"where a field stands" * 20):
        assert key.expand(info) == hmac.digest(secret, info + b"\x01", "sha256")


def test_a_field_opens_by_its_own_key_and_commits_to_it() -> None:
    key = SealingKey(os.urandom(16), os.urandom(32))
    where = WHERE + b"title"
    sealed = Sealer(WHERE, {"title": key, "was": key}).seal("title", b"text")
    assert unseal(key, where, sealed) == b"text"
    disclosed = key.expand(b"taskledger field\0" + where)
    assert open_field(disclosed, where, sealed) == b"text"
    for wrong in (WHERE + b"was", place("ws", "task_1", 4, "TaskRetitled.v1") + b"title"):
        with pytest.raises(SealBroken, match="commits"):
            unseal(key, wrong, sealed)
    with pytest.raises(SealBroken, match="commits"):
        open_field(os.urandom(32), where, sealed)
    for index in range(len(sealed)):
        altered = bytearray(sealed)
        altered[index] ^= 1
        if index >= 16:  # the key's id only says which key to take
            with pytest.raises(SealBroken):
                unseal(key, where, bytes(altered))
    with pytest.raises(SealBroken):
        unseal(key, where, b"")


def test_the_same_text_at_the_same_place_never_seals_the_same() -> None:
    key = SealingKey(os.urandom(16), os.urandom(32))
    assert len({Sealer(WHERE, {"a": key}).seal("a", b"text") for _ in range(100)}) == 100


async def test_rotation_of_the_master_key(
    open_store: OpenStore, owner: Connection, master_key: bytes
) -> None:
    store = await open_store()
    stream = a_stream()
    await store.append(creation(stream))
    older = MasterKeys(master_key)
    await older.unlock(owner)
    newer = new_key()
    both = MasterKeys(newer, [master_key])
    assert await rotate(owner, both) == 2, "the author's key and the root secret"
    assert await rotate(owner, both) == 0

    only_newer = MasterKeys(newer)
    rotated = await open_store(master=only_newer)
    (recorded,) = await rotated.read_stream(stream)
    assert recorded.event.title == "Fix the login"
    assert only_newer.derive("claims") == older.derive("claims"), "claims outlive the rotation"
    with pytest.raises(KeyUnusable, match="written with master key"):
        await open_store(master=MasterKeys(master_key))


async def test_a_lost_root_secret_is_not_made_anew(
    open_store: OpenStore, owner: Connection, superuser: Superuser, master_key: bytes
) -> None:
    store = await open_store()
    await store.append(creation())
    superuser.execute("DELETE FROM keys.root")
    with pytest.raises(KeyUnusable, match="root secret is gone"):
        await MasterKeys(master_key).unlock(owner)


def test_purposes_have_different_secrets_and_need_the_root() -> None:
    with pytest.raises(KeyUnusable, match="unlock"):
        MasterKeys(new_key()).derive("claims")


@pytest.mark.parametrize("text", ["", "short", "not base64!", "QUJD"])
def test_a_malformed_master_key_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable):
        MasterKeys.of(text)
    path = tmp_path / "master.key"
    path.write_text(text)
    with pytest.raises(KeyUnusable):
        MasterKeys.from_file(path)
    path.write_bytes(b"\xff" * 32)
    for unreadable in (path, tmp_path):
        with pytest.raises(KeyUnusable, match="cannot be read"):
            MasterKeys.from_file(unreadable)


def test_a_key_file_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(KeyUnusable, match="no master key"):
        MasterKeys.from_file(path)
    first = MasterKeys.from_file(path, create=True)
    assert not make_key_file(path)
    assert MasterKeys.from_file(path).current_id == first.current_id
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
