"""Credentials, sessions, tokens and passwords, as the api role sees them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import jwt
import psycopg
import pytest

from domain.errors import Kind, Refused
from infra.people.access_tokens import AccessTokens
from infra.people.credentials import Credentials
from infra.people.passwords import Passwords, weaknesses
from infra.people.sessions import Ended, Revocations, Session, Sessions
from infra.people.vault import Vault
from infra.postgres.pool import Pool, open_pool
from tests.real import Database

MONTH = timedelta(days=30)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.api_url)
    yield opened
    await opened.close()


async def _begun(sessions: Sessions, user_id: str) -> Session:
    session = await sessions.begin(user_id, "hash")
    assert session is not None
    return session


@pytest.fixture
async def user(pool: Pool) -> str:
    credentials = Credentials(pool)
    await credentials.reserve("user_1", "hash")
    await credentials.activate("user_1")
    return "user_1"


async def test_a_credential_is_inactive_until_it_is_activated(pool: Pool) -> None:
    credentials = Credentials(pool)
    await credentials.reserve("user_1", "hash")
    found = await credentials.find("user_1")
    assert found is not None
    assert not found.is_active
    assert await credentials.orphans(timedelta(0)) == ["user_1"]
    await credentials.activate("user_1")
    found = await credentials.find("user_1")
    assert found is not None
    assert found.is_active
    assert await credentials.orphans(timedelta(0)) == []
    await credentials.discard("user_1")
    assert await credentials.find("user_1") is not None


async def test_the_api_role_cannot_make_or_remove_an_active_credential(
    pool: Pool, user: str
) -> None:
    async with pool.connection() as connection:
        removed = await connection.execute("DELETE FROM people.credentials")
        assert removed.rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(
                "INSERT INTO people.credentials (user_id, password_hash, state)"
                " VALUES ('user_2', 'hash', 'active')"
            )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("UPDATE people.credentials SET user_id = 'user_2'")


async def test_other_roles_see_no_credentials(database: Database) -> None:
    for url in (database.worker_url, database.search_url):
        with (
            psycopg.connect(url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT * FROM people.credentials")


async def test_a_refresh_token_is_good_once_and_twice_ends_its_family(
    pool: Pool, user: str
) -> None:
    sessions = Sessions(pool, MONTH, Vault(bytes(32)))
    first = await _begun(sessions, user)
    other = await _begun(sessions, user)
    second = await sessions.carry_on(first.refresh_token)
    assert second is not None
    assert second.session_id == first.session_id
    assert await sessions.carry_on(first.refresh_token) == Ended(first.session_id)
    assert await sessions.carry_on(second.refresh_token) is None
    assert await sessions.carry_on(other.refresh_token) is not None
    assert await sessions.ended_since(timedelta(minutes=1)) == [first.session_id]


async def test_ended_expired_suspended_and_unknown_sessions_do_not_go_on(
    pool: Pool, user: str
) -> None:
    sessions = Sessions(pool, MONTH, Vault(bytes(32)))
    ended, expired, suspended = [await _begun(sessions, user) for _ in range(3)]
    assert await sessions.carry_on("tlr_unknown") is None
    assert await sessions.carry_on("\udcff") is None
    await sessions.end(ended.session_id)
    assert await sessions.carry_on(ended.refresh_token) is None
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE people.sessions SET expires_at = now() WHERE session_id = %s",
            (expired.session_id,),
        )
        assert await sessions.carry_on(expired.refresh_token) is None
        await connection.execute("UPDATE people.credentials SET state = 'suspended'")
    assert await sessions.carry_on(suspended.refresh_token) is None


async def test_a_log_out_everywhere_reaches_every_process(pool: Pool, user: str) -> None:
    sessions = Sessions(pool, MONTH, Vault(bytes(32)))
    session = await _begun(sessions, user)
    late = Revocations(sessions, timedelta(minutes=30))
    assert session.session_id in await sessions.end_all(user)
    await late.start()
    assert session.session_id in late
    await late.stop()


async def test_old_sessions_are_swept_and_their_tokens_with_them(pool: Pool, user: str) -> None:
    sessions = Sessions(pool, MONTH, Vault(bytes(32)))
    old, present = await _begun(sessions, user), await _begun(sessions, user)
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE people.sessions SET ended_at = now() - interval '2 days' WHERE session_id = %s",
            (old.session_id,),
        )
        assert await sessions.sweep() == 1
        rows = await (
            await connection.execute("SELECT session_id FROM people.refresh_tokens")
        ).fetchall()
    assert rows == [(present.session_id,)]


def test_an_access_token_expires_and_cannot_be_forged() -> None:
    now = 1_000_000.0
    tokens = AccessTokens(b"k" * 32, timedelta(minutes=30), lambda: now)
    token = tokens.issue("user_1", "session")
    bearer = tokens.check(token)
    assert bearer is not None
    assert (bearer.user_id, bearer.session_id) == ("user_1", "session")
    claims = jwt.decode(token, options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, b"x" * 32, "HS256"),
        jwt.encode(claims, None, "none"),
        jwt.encode({**claims, "iss": "another"}, b"k" * 32, "HS256"),
        token[:-2],
        "",
        "a.b.c",
    ):
        assert tokens.check(forged) is None
    now += 30 * 60
    assert tokens.check(token) is None


async def test_a_password_is_verified_and_nobody_has_none() -> None:
    passwords = Passwords(memory_kib=64, rounds=1)
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horsf")
    assert not await passwords.verify(None, "nobody's password")
    assert not await passwords.verify("rubbish", "x")
    assert Passwords().is_outdated(stored)
    passwords.close()


async def test_hashing_is_bounded() -> None:
    import asyncio

    passwords = Passwords(memory_kib=64, rounds=1)
    results = await asyncio.gather(
        *(passwords.hash("x" * 8) for _ in range(200)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, Refused)]
    assert 0 < len(refused) < 200
    assert {each.kind for each in refused} == {Kind.OVERLOADED}
    passwords.close()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "too-short"),
        ("password123", "too-common"),
        ("PASSWORD123", "too-common"),
        ("aaaaaaaaaaaa", "too-common"),
        ("Alice@Example.org", "too-common"),
        ("x" * 257, "too-long"),
        ("correct horse battery", None),
    ],
)
def test_weak_passwords_are_named(password: str, code: str | None) -> None:
    found = weaknesses(password, known=["alice@example.org"], pointer="/password")
    assert [each.code for each in found] == ([] if code is None else [code])
