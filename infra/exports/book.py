"""Saved exports as PostgreSQL keeps them: who asked for what, and what has become of it."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import orjson

from domain.values.frozen import dataclass
from infra.exports.exporter import Exported
from infra.exports.formats import FORMATS
from infra.postgres.pool import Pool

_COLUMNS: Final[LiteralString] = (
    "export_id, workspace_id, owner_id, format, filter, state, forgotten, problem, events, bytes,"
    " digest, position, created_at, finished_at"
)
_DONE: Final[LiteralString] = """
UPDATE jobs.exports SET state = 'done', events = %s, bytes = %s, digest = %s, position = %s,
    finished_at = now()
WHERE export_id = %s AND state = 'running' AND forgotten = %s
"""
_FORGET: Final[LiteralString] = f"""
UPDATE jobs.exports SET forgotten = forgotten + 1
WHERE workspace_id = ANY (%s) AND state IN ('running', 'done') RETURNING {_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class SavedExport:
    """`state`: running, done, failed or gone (deleted again). `forgotten` counts how often
    somebody of the workspace was forgotten since it was asked for."""

    export_id: str
    workspace_id: str
    owner_id: str
    format: str
    filter: Mapping[str, str]
    state: str
    forgotten: int
    problem: Mapping[str, Any] | None
    events: int | None
    bytes: int | None
    digest: str | None
    position: int | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def file(self) -> str:
        """Its name in the store."""
        return f"{self.export_id}.{FORMATS[self.format].suffix}"


class ExportBook:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask(
        self,
        export_id: str,
        workspace_id: str,
        owner_id: str,
        format_: str,
        wanted: Mapping[str, str],
    ) -> None:
        """Durable on return; one that is there stays as it is."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO jobs.exports (export_id, workspace_id, owner_id, format, filter)"
                " VALUES (%s, %s, %s, %s, %s::jsonb) ON CONFLICT DO NOTHING",
                (export_id, workspace_id, owner_id, format_, orjson.dumps(wanted).decode()),
            )

    async def drop(self, export_id: str) -> None:
        """One that was not begun."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM jobs.exports WHERE export_id = %s", (export_id,))

    async def find(self, export_id: str) -> SavedExport | None:
        return next(
            iter(
                await self._fetch(
                    f"SELECT {_COLUMNS} FROM jobs.exports WHERE export_id = %s", (export_id,)
                )
            ),
            None,
        )

    async def done(self, saved: SavedExport, exported: Exported) -> bool:
        """False where somebody was forgotten after `saved` was read: what was read then must not
        be kept."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _DONE,
                (
                    exported.events,
                    exported.size,
                    exported.digest,
                    exported.position,
                    saved.export_id,
                    saved.forgotten,
                ),
            )
        return cursor.rowcount == 1

    async def failed(self, export_id: str, problem: Mapping[str, Any]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE jobs.exports SET state = 'failed', problem = %s::jsonb,"
                " finished_at = now() WHERE export_id = %s AND state = 'running'",
                (orjson.dumps(problem, default=str).decode(), export_id),
            )

    async def gone(self, export_ids: Collection[str]) -> None:
        """Their files were deleted."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE jobs.exports SET state = 'gone' WHERE export_id = ANY (%s)"
                " AND state = 'done'",
                (list(export_ids),),
            )

    async def forget(self, workspaces: Collection[str]) -> list[SavedExport]:
        """Nothing that was read before now is kept from here on; those whose files are there."""
        found = await self._fetch(_FORGET, (list(workspaces),))
        return [each for each in found if each.state == "done"]

    async def older(self, than: timedelta) -> list[SavedExport]:
        """Those that are kept for too long."""
        return await self._fetch(
            f"SELECT {_COLUMNS} FROM jobs.exports WHERE state = 'done'"
            " AND finished_at < now() - %s LIMIT 100",
            (than,),
        )

    async def _fetch(self, sql: LiteralString, params: tuple[Any, ...]) -> list[SavedExport]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(sql, params)
            return [SavedExport(*row) for row in await cursor.fetchall()]
