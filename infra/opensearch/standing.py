"""Where the indexes stand: which one answers, what it shows, and what keeps it from more."""

from dataclasses import replace
from typing import Final

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection
from projections.search import SEARCH_VIEW

from .documents import SHAPE

# An index that was not level with its view for longer is too far behind to be asked.
LEVEL_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Standing:
    """An index. `name` is what it is asked and written by. `silent_s`: how long ago it was level
    with its view; None: never yet. `ours`: this code made it; else it is of former code, and
    nobody has kept it up for a day."""

    name: str
    generation: int
    parked: int
    read_upto: int
    position: int
    answers: bool
    silent_s: float | None
    problem: str | None
    ours: bool

    @property
    def is_level(self) -> bool:
        return self.silent_s is not None and self.silent_s < LEVEL_WITHIN_S


@dataclass(frozen=True, slots=True)
class ViewStanding:
    """The generation of the view `search` that answers."""

    generation: int
    position: int
    parked: int


_OURS: Final = f"version = {SEARCH_VIEW.version} AND shape = {SHAPE}"
_COLUMNS: Final = (
    "name, generation, parked, read_upto, position, answers,"
    " extract(epoch FROM clock_timestamp() - level_at)::double precision, problem,"
    f" ({_OURS})"
)

_ANSWERING: Final = (
    f"SELECT {_COLUMNS} FROM ops.search_indexes WHERE log_id = %s AND {_OURS} AND answers"
)
_ALL: Final = (
    f"SELECT {_COLUMNS} FROM ops.search_indexes WHERE log_id = %s AND ({_OURS}"
    " OR level_at < clock_timestamp() - interval '1 day') ORDER BY name"
)
_VIEW: Final = """
SELECT p.generation, c.position, (
    SELECT count(*) FROM ops.dead_letters AS d
    WHERE (d.name, d.version, d.generation) = (p.name, p.version, p.generation)
)
FROM ops.projection_pointers AS p
JOIN ops.checkpoints AS c USING (name, version, generation)
WHERE p.name = %s AND p.version = %s AND c.log_id = %s
"""


async def answering(connection: Connection, log_id: str) -> Standing | None:
    """The index that this code's questions go to."""
    cursor = await connection.execute(_ANSWERING, (log_id,), prepare=True)
    row = await cursor.fetchone()
    return None if row is None else Standing(*row)


async def all_of(connection: Connection, log_id: str) -> list[Standing]:
    """Every index that this code makes or has made, and those that nobody keeps up any more."""
    cursor = await connection.execute(_ALL, (log_id,))
    return [Standing(*row) for row in await cursor.fetchall()]


async def of_view(connection: Connection, log_id: str) -> ViewStanding | None:
    """None while no generation answers."""
    cursor = await connection.execute(_VIEW, (SEARCH_VIEW.name, SEARCH_VIEW.version, log_id))
    row = await cursor.fetchone()
    return None if row is None else ViewStanding(*row)


async def begin(connection: Connection, log_id: str, name: str, view: ViewStanding) -> Standing:
    await connection.execute(
        "INSERT INTO ops.search_indexes (name, log_id, shape, version, generation, parked)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (name, log_id, SHAPE, SEARCH_VIEW.version, view.generation, view.parked),
    )
    return Standing(name, view.generation, view.parked, 0, 0, False, None, None, True)


async def read_all_again(connection: Connection) -> None:
    """Rows have changed of which no event tells: until an index has read them it is not asked."""
    await connection.execute("UPDATE ops.search_indexes SET read_upto = 0, level_at = NULL")


async def read(connection: Connection, index: Standing, upto: int) -> Standing:
    """Rows up to there are in the index, unless all are to be read again."""
    await connection.execute(
        "UPDATE ops.search_indexes SET read_upto = %s, problem = NULL"
        " WHERE name = %s AND read_upto = %s",
        (upto, index.name, index.read_upto),
    )
    return replace(index, read_upto=upto, problem=None)


async def level(connection: Connection, index: Standing, upto: int, parked: int) -> Standing:
    """All of the log up to there is in the index, and can be found, unless all is to be read
    again."""
    await connection.execute(
        "UPDATE ops.search_indexes SET read_upto = %s, position = %s, parked = %s,"
        " level_at = clock_timestamp(), problem = NULL WHERE name = %s AND read_upto = %s",
        (upto, upto, parked, index.name, index.read_upto),
    )
    return replace(index, read_upto=upto, position=upto, parked=parked, silent_s=0.0, problem=None)


async def answer(connection: Connection, log_id: str, index: Standing) -> Standing:
    """Questions go to this one from now on."""
    async with connection.transaction():
        await connection.execute(
            "UPDATE ops.search_indexes SET answers = false"
            f" WHERE log_id = %s AND {_OURS} AND answers",
            (log_id,),
        )
        await connection.execute(
            "UPDATE ops.search_indexes SET answers = true WHERE name = %s", (index.name,)
        )
    return replace(index, answers=True)


async def trouble(connection: Connection, log_id: str, problem: str) -> None:
    """What keeps the indexes from being written."""
    await connection.execute(
        "UPDATE ops.search_indexes SET problem = %s WHERE log_id = %s", (problem, log_id)
    )


async def forget(connection: Connection, index: Standing) -> None:
    await connection.execute("DELETE FROM ops.search_indexes WHERE name = %s", (index.name,))
