"""What a batch changes in the tables of a view, encoded, in statements of a bounded size."""

from dataclasses import field

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection
from infra.postgres.trip import Statement, together
from infra.postgres.views.rows import COPY_HEADER, COPY_TRAILER, TableCodec
from infra.processes.kept_rows import TableRows
from projections.projection import Key, Row

STATEMENT_BYTES = 16 * 1024 * 1024
COPY_ROWS = 1_000


@dataclass(slots=True)
class Changes:
    """The last state of each row that a batch changed, encoded, ready to be sent.

    `bulk`: rows that are known to be new are copied, which nothing else can be sent along with.
    """

    bulk: bool = False
    rows: int = 0
    size: int = 0
    statements: list[Statement] = field(default_factory=list)
    copies: list[tuple[str, list[bytes]]] = field(default_factory=list)

    def add(self, rows: TableRows, new: list[Row], put: list[Row], gone: list[Key]) -> None:
        """Rows of one table that are new, to upsert, and keys to delete."""
        if rows.finish is not None:
            for row in new:
                rows.finish(row)
            for row in put:
                rows.finish(row)
        self.rows += len(new) + len(put) + len(gone)
        size = 0
        if new and self.bulk:
            pieces = _copied(rows.codec, new)
            size += sum(map(len, pieces))
            self.copies.append((rows.codec.copy, pieces))
        elif new:
            size += self._given(rows.codec, rows.codec.insert, new)
        if put:
            size += self._given(rows.codec, rows.codec.upsert, put)
        rows.wrote(len(new) + len(put), size)
        self.size += size
        if gone:
            self.statements.append((rows.codec.delete, rows.codec.key_arrays(gone)))

    def _given(self, codec: TableCodec, statement: str, rows: list[Row]) -> int:
        """In statements of a bounded size, however large single rows are; their size."""
        arrays = codec.arrays(rows)
        size = sum(array.size for array in arrays)
        if len(rows) > 1 and size > STATEMENT_BYTES:
            middle = len(rows) // 2
            return self._given(codec, statement, rows[:middle]) + self._given(
                codec, statement, rows[middle:]
            )
        self.statements.append((statement, arrays))
        return size

    async def write(self, connection: Connection) -> None:
        """To be called within a transaction."""
        for statement, pieces in self.copies:
            async with connection.cursor().copy(statement) as copy:
                for piece in pieces:
                    await copy.write(piece)
        await together(connection, self.statements)


def _copied(codec: TableCodec, rows: list[Row]) -> list[bytes]:
    pieces = [
        codec.copied(rows[start : start + COPY_ROWS]) for start in range(0, len(rows), COPY_ROWS)
    ]
    return [COPY_HEADER, *pieces, COPY_TRAILER]
