"""Which tables a backup holds: all but those that follow from the log by themselves."""

from graphlib import TopologicalSorter
from typing import Final

from psycopg import sql

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection

# Views and how far they are; what every database has.
_SCHEMAS_LEFT_OUT: Final = ("views", "ops", "pg_catalog", "information_schema")
# Worked out anew from the log after a restore, or free to be emptied.
_DERIVED: Final = (
    "log.head",
    "log.stream_heads",
    "log.guards",
    "log.claims",
    "log.imports",
    "log.sequences",
    "log.snapshots",
)
# So long that they are read in parts, each in a short transaction.
LONG: Final = ("log.events", "log.commits", "record.entries")

_TABLES: Final = """
SELECT n.nspname, c.relname, array(
    SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY a.attnum
)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
    AND n.nspname <> ALL (%s) AND n.nspname NOT LIKE 'pg\\_%%'
    AND n.nspname || '.' || c.relname <> ALL (%s)
ORDER BY 1, 2
"""
_REFERENCES: Final = """
SELECT n.nspname || '.' || c.relname, m.nspname || '.' || r.relname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace m ON m.oid = r.relnamespace
WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
"""


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def column_list(self) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


async def kept_tables(connection: Connection) -> list[Table]:
    """Those that a backup holds, each behind the tables that its rows refer to."""
    cursor = await connection.execute(_TABLES, (list(_SCHEMAS_LEFT_OUT), list(_DERIVED)))
    found = {f"{s}.{n}": Table(s, n, tuple(columns)) for s, n, columns in await cursor.fetchall()}
    sorter = TopologicalSorter[str](dict.fromkeys(found, ()))
    for table, referred in await (await connection.execute(_REFERENCES)).fetchall():
        if table in found and referred in found:
            sorter.add(table, referred)
    return [found[name] for name in sorter.static_order()]
