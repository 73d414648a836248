"""The outbox: each cause once, each mail by one sender, nothing left of what was sent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from infra.people.outbox import Mail, Outbox
from infra.people.vault import Vault
from infra.postgres.pool import Pool, open_pool
from tests.real import Database


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.api_url)
    yield opened
    await opened.close()


def _mail(once: str, about: str = "user_1") -> Mail:
    return Mail(
        kind="notice", once=once, about=about, says={"to": "a@b"}, good_for=timedelta(hours=1)
    )


async def test_a_cause_is_mailed_about_once_and_by_one_sender(pool: Pool) -> None:
    outbox = Outbox(pool, Vault(bytes(32)))
    for _ in range(2):
        await outbox.put(_mail("first"))
    await outbox.put(_mail("second"))
    taken = await asyncio.gather(*(outbox.take(1) for _ in range(5)))
    mails = [each for some in taken for each in some]
    assert len({each.mail_id for each in mails}) == len(mails) == 2
    assert mails[0].says == {"to": "a@b"}
    await outbox.done(mails[0].mail_id, "sent")
    await outbox.postpone(mails[1].mail_id, timedelta(0))
    (again,) = await outbox.take()
    assert (again.mail_id, again.attempts) == (mails[1].mail_id, 2)
    await outbox.put(_mail("first"))
    assert await outbox.take() == []


async def test_a_mail_that_cannot_be_read_stands_in_nobody_s_way(pool: Pool) -> None:
    await Outbox(pool, Vault(b"another key".ljust(32))).put(_mail("first"))
    outbox = Outbox(pool, Vault(bytes(32)))
    assert await outbox.take() == []
    async with pool.connection() as connection:
        rows = await (
            await connection.execute("SELECT state, sealed FROM people.outbox")
        ).fetchall()
    assert rows == [("given up", None)]


async def test_what_is_held_waits_for_its_stream(pool: Pool) -> None:
    outbox = Outbox(pool, Vault(bytes(32)))
    await outbox.put(_mail("first", "user_1"), held=True)
    await outbox.put(_mail("second", "user_2"), held=True)
    assert await outbox.take() == []
    assert sorted(await outbox.held_longer_than(timedelta(0))) == ["user_1", "user_2"]
    await outbox.drop("user_1")
    await outbox.release("user_2")
    (mail,) = await outbox.take()
    assert mail.about == "user_2"
    assert await outbox.held_longer_than(timedelta(0)) == []


def test_a_sealed_value_opens_only_in_its_place() -> None:
    vault = Vault(bytes(32))
    sealed = vault.seal({"a": 1}, "here")
    assert vault.open(sealed, "here") == {"a": 1}
    for place, altered in (("there", sealed), ("here", sealed[:-1] + b"\0")):
        with pytest.raises(ValueError, match="altered"):
            vault.open(altered, place)
