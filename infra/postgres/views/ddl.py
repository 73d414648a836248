"""The SQL that makes a view's tables from their Table values: columns, indexes, policies, grants.

A table's name carries the projection, its version and its generation, so that old and new code,
and a live view and the one being rebuilt, stand side by side. Statements are plain text without
parameters, to be run in order by a role that may create in the schema `views`.
"""

from projections.projection import Projection, Table

SCHEMA = "views"

# Answers of a few kilobytes stay in their rows as they are: compressing them, or reading them from
# a second table, costs more than the rest of the write, and of the read.
_INLINE_BYTES = 8160

# What row-level security makes a plain filter of is looked up by functions of the search role.
_SEARCHED = frozenset({"tsvector", "jsonb"})

# Evaluated once a statement, not once a row: the sub-select is an init plan.
_VISIBLE = "(SELECT string_to_array(current_setting('taskledger.workspaces', true), ','))::text[]"
# Not `= ANY`: what a question itself says of workspaces would be narrowed by it once more in the
# eyes of the planner, who then hopes for so few rows that it reads all of them and sorts.
_IS_VISIBLE = f"array_position({_VISIBLE}, workspace_id) IS NOT NULL"


def relation_name(projection: Projection, table: Table, generation: int) -> str:
    """The name of a table without its schema."""
    return f"{projection.name}_{table.name}_v{projection.version}_g{generation}"


def relation(projection: Projection, table: Table, generation: int) -> str:
    """The name of a table as statements use it."""
    return f"{SCHEMA}.{relation_name(projection, table, generation)}"


def create_table(table: Table, projection: Projection, generation: int) -> tuple[str, ...]:
    """Statements that make an empty table with its key, policies and grants, indexes left out.

    Worker may do everything. Api reads the rows of the workspaces in the setting
    `taskledger.workspaces` alone. Search reads tables with such an index, for its functions.
    Whoever makes the table is not kept to its policies until they are forced.
    """
    name = relation(projection, table, generation)
    columns = [f"{column} {_column_type(kind)}" for column, kind in table.types.items()]
    columns.append(f"PRIMARY KEY ({', '.join(table.key)})")
    options = f"WITH (fillfactor = {table.fillfactor}, toast_tuple_target = {_INLINE_BYTES})"
    statements = [
        f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)}) {options}",
        f"GRANT SELECT ON {name} TO taskledger_api",
        f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {name} TO taskledger_worker",
    ]
    searched = not _SEARCHED.isdisjoint(table.types.values()) or any(
        index.startswith("USING gin") for index in table.indexes
    )
    if searched:
        statements.append(f"GRANT SELECT ON {name} TO taskledger_search")
    if table.shared:
        return tuple(statements)
    policies = {
        "tenant": f"FOR SELECT TO taskledger_api USING ({_IS_VISIBLE})",
        "worker": "FOR ALL TO taskledger_worker USING (true) WITH CHECK (true)",
    }
    if searched:
        policies["search"] = "FOR SELECT TO taskledger_search USING (true)"
    statements.append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    for policy, rule in policies.items():
        statements.append(f"DROP POLICY IF EXISTS {policy} ON {name}")
        statements.append(f"CREATE POLICY {policy} ON {name} {rule}")
    return tuple(statements)


def create_indexes(table: Table, projection: Projection, generation: int) -> tuple[str, ...]:
    """Statements that make a table's indexes, for after a bulk load; each may be run again."""
    name = relation(projection, table, generation)
    names = index_names(table, projection, generation)
    return tuple(
        f"CREATE INDEX IF NOT EXISTS {index} ON {name} {definition}"
        for index, definition in zip(names, table.indexes, strict=True)
    )


def index_names(table: Table, projection: Projection, generation: int) -> tuple[str, ...]:
    """The names of what `create_indexes` makes, without their schema."""
    bare = relation_name(projection, table, generation)
    return tuple(f"{bare}_i{number}" for number in range(1, len(table.indexes) + 1))


def force_policies(
    table: Table, projection: Projection, generation: int, *, force: bool = True
) -> tuple[str, ...]:
    """Statements that hold the table's own owner to its policies too, or let go of that again.

    PostgreSQL takes no COPY into a table whose policies bind whoever copies: so they are forced
    when a bulk load is over, before the table answers anybody.
    """
    if table.shared:
        return ()
    way = "" if force else "NO "
    name = relation(projection, table, generation)
    return (f"ALTER TABLE {name} {way}FORCE ROW LEVEL SECURITY",)


def _column_type(kind: str) -> str:
    """Text compares by its bytes: ids, ranks and cursors order the same on every machine."""
    return f'{kind} COLLATE "C"' if kind in ("text", "text[]") else kind
