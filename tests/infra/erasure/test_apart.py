"""A view is built anew by a process of its own, and where it cannot be, that is said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.erasure.apart import NotBuilt, build_apart
from infra.processes import generations
from infra.processes.build import build_lock
from infra.processes.sessions import Sessions
from infra.settings import child_environment
from projections.templates import TEMPLATES_VIEW
from tests.api.product import settings_of
from tests.real import Database, Parts


async def test_a_view_is_built_anew_by_a_process_of_its_own(
    parts: Parts, database: Database, tmp_path: Path
) -> None:
    settings = settings_of(parts, database, data_dir=tmp_path)
    environment = child_environment(settings.as_environment())
    now, view = datetime.now(UTC), TEMPLATES_VIEW
    async with Sessions(database.worker_url).lead("test") as leadership:
        assert await leadership.try_lead(build_lock(view.name, view.version))
        with pytest.raises(NotBuilt):
            await build_apart(view, now, environment)
        assert await generations.standings_of(leadership.session, view) == []
        await leadership.resign(build_lock(view.name, view.version))
        await build_apart(view, now, environment)
        (standing,) = await generations.standings_of(leadership.session, view)
        assert standing.answers
