"""Where too much was erased, views are built anew by processes of their own."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest

from infra.erasure import rewriting as role
from infra.erasure.apart import NotBuilt
from infra.erasure.rewriting import Rewriter
from infra.erasure.traces import Telling
from infra.postgres.pool import Connection
from infra.processes import generations
from infra.processes.background import tools_of
from infra.processes.build import build_lock
from infra.processes.executing import open_executor
from infra.processes.rebuild import Rebuild
from infra.processes.workplace import open_workplace
from projections.templates import TEMPLATES_VIEW
from tests.api.product import settings_of
from tests.real import Database, Parts

_A_KEY = """
INSERT INTO keys.destroyed (key_id, kind, workspace_id, owner)
VALUES (gen_random_uuid(), 'content', 'ws_a', 'user_a')
"""


async def _too_much(_telling: Telling, _session: Connection, _position: int, _most: int) -> bool:
    return False


async def test_a_process_of_its_own_builds_a_view_and_is_followed_by_another_where_it_fails(
    parts: Parts, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(role, "_HEARD_WITHIN", timedelta(0))
    monkeypatch.setattr(Telling, "fits", _too_much)
    monkeypatch.setattr(role, "_SHORT_LOG", -1)
    settings = settings_of(parts, database, data_dir=tmp_path)
    view = TEMPLATES_VIEW
    async with open_workplace(settings, "test") as workplace:
        await workplace.unlock()
        sessions = workplace.sessions
        await Rebuild(view, workplace.store, sessions).run()
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(_A_KEY)
        opened = partial(open_executor, workplace, settings)
        rewriter = Rewriter(tools_of(workplace, settings, [view], opened))
        async with sessions.lead("test") as leadership, opened() as executor:
            session, lock = leadership.session, build_lock(view.name, view.version)
            assert await leadership.try_lead(lock)
            with pytest.raises(NotBuilt):
                await rewriter.turn(session, executor)
            await leadership.resign(lock)
            assert not await rewriter.turn(session, executor), "the former tables are still there"
            standings = await generations.standings_of(session, view)
            assert [standing.answers for standing in standings] == [False, True]
            assert (rewriter.report["redacted"], rewriter.report["rebuilt"]) == (0, 1)
