"""Who leads, and what says that it no longer does."""

import psycopg
import pytest

from infra.processes.sessions import LeadershipLost, Sessions
from tests.real import Database


async def test_a_statement_that_failed_in_its_session_does_not_cost_the_leadership(
    sessions: Sessions,
) -> None:
    async with sessions.lead("test") as leadership, leadership.session.transaction():
        with pytest.raises(psycopg.errors.DivisionByZero):
            await leadership.session.execute("SELECT 1 / 0")
        await leadership.confirm()


async def test_a_session_that_is_gone_leads_no_more(sessions: Sessions, database: Database) -> None:
    async with sessions.lead("test") as leadership:
        with psycopg.connect(database.superuser_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(%s, 5000)", (leadership.session.info.backend_pid,)
            )
        with pytest.raises(LeadershipLost):
            await leadership.confirm()
