"""What an API key looks like, and that none is taken for another."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from infra.people.api_keys import PREFIX, ApiKeys, KeyGrant, fresh_key, is_key
from infra.people.credentials import Credentials
from infra.people.sessions import Sessions
from infra.people.vault import Vault
from infra.postgres.pool import Pool, open_pool
from tests.real import Database

GRANT = KeyGrant(
    key_id="key_1",
    user_id="user_1",
    scopes=frozenset({"tasks:read"}),
    workspace_id=None,
    expires_at=None,
)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.api_url)
    yield opened
    await opened.close()


def test_a_key_is_told_from_what_only_looks_like_one() -> None:
    key = fresh_key()
    assert key.startswith(PREFIX)
    assert is_key(key)
    for at in range(len(PREFIX), len(key)):
        other = "1" if key[at] == "0" else "0"
        assert not is_key(key[:at] + other + key[at + 1 :])
    assert not is_key(key[:-1])
    assert not is_key(key + "0")
    assert len({fresh_key() for _ in range(100)}) == 100


async def test_only_the_digest_of_a_key_is_kept(pool: Pool) -> None:
    key = fresh_key()
    await ApiKeys(pool).keep(key, GRANT)
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT k::text FROM people.api_keys k")
        (row,) = await cursor.fetchall()
    assert key not in row[0]
    assert key[len(PREFIX) : -6] not in row[0]


async def test_a_key_is_found_by_itself_alone_and_uses_are_noted_coarsely(pool: Pool) -> None:
    keys = ApiKeys(pool)
    key = fresh_key()
    await keys.keep(key, GRANT)
    assert keys.known(key) is None
    assert await keys.find(key) == GRANT
    assert keys.known(key) == GRANT
    assert await keys.find(fresh_key()) is None
    assert await keys.last_used(["key_1"]) == {}
    await keys.note_uses()
    first = await keys.last_used(["key_1"])
    assert keys.known(key) == GRANT
    await keys.note_uses()
    assert await keys.last_used(["key_1"]) == first
    assert (first["key_1"].second, first["key_1"].microsecond) == (0, 0)


async def test_what_is_kept_of_a_key_in_memory_is_asked_for_again(pool: Pool) -> None:
    now = 0.0
    keys = ApiKeys(pool, lambda: now)
    key = fresh_key()
    await keys.keep(key, GRANT)
    await keys.find(key)
    now = 61.0
    assert keys.known(key) is None


async def test_every_process_hears_that_a_key_was_revoked(pool: Pool) -> None:
    here, sessions = ApiKeys(pool), Sessions(pool, timedelta(days=1), Vault(bytes(32)))
    key = fresh_key()
    await here.keep(key, GRANT)
    assert not await here.revoke("key_1", "user_2")
    assert await sessions.ended_since(timedelta(minutes=1)) == []
    assert await here.revoke("key_1", "user_1")
    assert await sessions.ended_since(timedelta(minutes=1)) == ["key_1"]
    assert await here.find(key) is None


async def test_keys_of_a_suspended_account_open_nothing_until_it_is_back(pool: Pool) -> None:
    credentials, keys = Credentials(pool), ApiKeys(pool)
    sessions = Sessions(pool, timedelta(days=1), Vault(bytes(32)))
    await credentials.reserve("user_1", "hash")
    await credentials.activate("user_1")
    key = fresh_key()
    await keys.keep(key, GRANT)
    await credentials.suspend("user_1")
    assert await sessions.ended_since(timedelta(minutes=1)) == ["key_1"]
    assert await keys.find(key) is None
    await credentials.unsuspend("user_1")
    assert await keys.find(key) == GRANT
