"""Rows come back from the database as they went in, whatever they hold."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.postgres.views.ddl import create_indexes, create_table
from infra.postgres.views.rows import COPY_HEADER, COPY_TRAILER, TableCodec, adapt, array
from projections.projection import Projection, Table
from projections.search_lexemes import terms_of
from projections.search_texts import SearchTexts
from tests.projections.lexemes import lexemes_in
from tests.real import Database


@dataclass(slots=True)
class Sample:
    workspace_id: str
    number: int
    small: int | None
    middle: int | None
    yes: bool | None
    moment: datetime | None
    data: bytes | None
    words: list[str] | None
    terms: frozenset[str] | None


SAMPLES = Table(
    "samples",
    Sample,
    {
        "workspace_id": "text",
        "number": "bigint",
        "small": "smallint",
        "middle": "integer",
        "yes": "boolean",
        "moment": "timestamptz",
        "data": "bytea",
        "words": "text[]",
        "terms": "tsvector",
    },
    key=("workspace_id", "number"),
    indexes=("USING gin (terms)",),
)
SAMPLE = Projection("sample", 3, (SAMPLES,), {}, lambda recorded: ())
CODEC = TableCodec(SAMPLE, SAMPLES, 7)

texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8),
    st.sampled_from(['"', "\\", "{}", ",", "NULL", "'", "a b", ""]),
)
terms = st.lists(texts.filter(bool), max_size=4, unique=True).map(frozenset)
moments = st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
rows = st.builds(
    Sample,
    workspace_id=texts,
    number=st.integers(-(2**63), 2**63 - 1),
    small=st.none() | st.integers(-(2**15), 2**15 - 1),
    middle=st.none() | st.integers(-(2**31), 2**31 - 1),
    yes=st.none() | st.booleans(),
    moment=st.none() | moments,
    data=st.none() | st.binary(max_size=20),
    words=st.none() | st.lists(texts, max_size=3),
    terms=st.none() | terms,
)
batches = st.lists(rows, max_size=6, unique_by=lambda row: (row.workspace_id, row.number))
against_postgres = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.worker_url, autocommit=True) as opened:
        adapt(opened)
        making = (*create_table(SAMPLES, SAMPLE, 7), *create_indexes(SAMPLES, SAMPLE, 7))
        for statement in making * 2:  # may be run again as a whole
            opened.execute(statement)
        yield opened


def stored(connection: psycopg.Connection[Any], keys: list[tuple[Any, ...]]) -> list[Sample]:
    with connection.cursor(binary=True) as cursor:
        cursor.execute(CODEC.select, CODEC.key_arrays(keys))
        return [CODEC.row(_plain(record)) for record in cursor.fetchall()]


def _plain(record: tuple[Any, ...]) -> tuple[Any, ...]:
    """A tsvector comes as PostgreSQL sends it: a count, then lexemes that end with a NUL, each
    with its number of positions (none)."""
    *most, found = record
    if found is None:
        return record
    lexemes = found[4:].split(b"\x00" + b"\x00\x00")[:-1]
    assert int.from_bytes(found[:4], "big") == len(lexemes)
    return (*most, frozenset(lexeme.decode() for lexeme in lexemes))


def in_order(samples: list[Sample]) -> list[tuple[Any, ...]]:
    return sorted((astuple(row) for row in samples), key=lambda each: each[:2])


@against_postgres
@given(batches, batches)
def test_upserted_rows_come_back(
    connection: psycopg.Connection[Any], first: list[Sample], second: list[Sample]
) -> None:
    connection.execute(f"TRUNCATE {CODEC.relation}")  # type: ignore[arg-type]
    expected = {CODEC.key(row): row for row in [*first, *second]}
    for batch in (first, second):
        connection.execute(CODEC.upsert, CODEC.arrays(batch))
    if not expected:
        return
    keys = list(expected)
    assert in_order(stored(connection, keys)) == in_order(list(expected.values()))
    connection.execute(CODEC.delete, CODEC.key_arrays(keys[:1]))
    assert len(stored(connection, keys)) == len(keys) - 1


@against_postgres
@given(batches)
def test_copied_rows_come_back(connection: psycopg.Connection[Any], batch: list[Sample]) -> None:
    connection.execute(f"TRUNCATE {CODEC.relation}")  # type: ignore[arg-type]
    with connection.cursor().copy(CODEC.copy) as copy:
        copy.write(COPY_HEADER)
        copy.write(CODEC.copied(batch))
        copy.write(COPY_TRAILER)
    if batch:
        keys = [CODEC.key(row) for row in batch]
        assert in_order(stored(connection, keys)) == in_order(batch)


def test_a_scan_gives_the_rows_of_one_value_by_key(connection: psycopg.Connection[Any]) -> None:
    batch = [Sample(f"ws{n % 2}", n, None, None, None, None, None, None, None) for n in (3, 2, 1)]
    connection.execute(CODEC.upsert, CODEC.arrays(batch))
    found = connection.execute(CODEC.scan("workspace_id"), ("ws1",)).fetchall()
    assert [record[:2] for record in found] == [("ws1", 1), ("ws1", 3)]


@pytest.mark.parametrize(
    "description",
    [
        "Tests are tested, and a test tests.",
        "修复数据库错误 Größe ﬁx ½ " + "é" * 70,
        "again " + "word " * 17_000 + "last",
    ],
)
def test_lexemes_are_stored_where_they_stand(
    connection: psycopg.Connection[Any], description: str
) -> None:
    texts = SearchTexts(key="WEB-1", description=description, tags=["it's \\ a 'label'"])
    made = terms_of(texts, "ws_1", "proj_1")
    ((empty, stored),) = connection.execute(
        "SELECT a.terms[1], tsvectorsend(a.terms[2]) FROM (VALUES (%s)) AS a(terms)",
        (array("tsvector", [None, made]),),
    ).fetchall()
    assert empty is None
    assert lexemes_in(bytes(stored)) == lexemes_in(made)


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b", "c"],
        ["a", None, ""],
        [None, None, None],
        ["same", "same", "same"],
        ["a", "b", "a"],
        ["ä", "b", None],
        ["x" * 2_000, "b", None],
    ],
    ids=["plain", "some are nothing", "nothing", "same", "ends alike", "umlaut", "long"],
)
def test_a_column_of_text_is_itself_again(
    values: list[str | None], connection: psycopg.Connection[Any]
) -> None:
    found = connection.execute("SELECT unnest(%s::text[])", [array("text", values)]).fetchall()
    assert [value for (value,) in found] == values
