"""Mails that nobody sent go with whom they are about, whichever process comes to it."""

import asyncio
import os
import time
from pathlib import Path
from uuid import uuid4

import psycopg

from infra.erasure.mails import MailsOfErased
from infra.ids import new_id
from infra.mail.folder import MailFolder
from infra.postgres.pool import open_pool
from tests.infra.processes.conftest import until
from tests.real import Database


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _mail(folder: Path, rest: str, written_at: float) -> str:
    path = folder / f"{uuid4()}{rest}"
    path.write_bytes(b"Dear ...")
    os.utime(path, (written_at, written_at))
    return path.name


async def test_what_a_process_died_over_is_done_as_soon_as_the_next_one_starts(
    database: Database, tmp_path: Path
) -> None:
    now = time.time()
    erased, other = new_id("user"), new_id("user")
    for rest in (f".{erased}.eml", f".{erased}.4711.new"):
        _mail(tmp_path, rest, now + 3_600)
    _mail(tmp_path, ".eml", now - 3_600)  # an invitation
    stay = {_mail(tmp_path, f".{other}.eml", now - 3_600), _mail(tmp_path, ".eml", now + 3_600)}
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        for kind, owner in (("identity", erased), ("content", other)):
            connection.execute(
                "INSERT INTO keys.destroyed (key_id, kind, workspace_id, owner)"
                " VALUES (gen_random_uuid(), %s, 'ws_1', %s)",
                (kind, owner),
            )
    pool = await open_pool(database.api_url)
    mails = MailsOfErased(pool, MailFolder(tmp_path), asyncio.Lock())
    mails.start()
    try:
        await until(lambda: _names(tmp_path) == stay, what="mails to go")
        late = _mail(tmp_path, f".{erased}.eml", now)
        mails.heard()
        await until(lambda: not (tmp_path / late).exists(), what="another mail to go")
    finally:
        await mails.stop()
        await pool.close()
    assert _names(tmp_path) == stay
