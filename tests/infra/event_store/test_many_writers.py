"""Several processes write at once, and some are killed: the log holds together."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.infra.event_store.made import NUMBERS
from tests.real import Database
from tests.waiting import until

ROOT = Path(__file__).parents[3]

BROKEN = {
    "positions without gaps": """
        SELECT count(*) FROM (SELECT max(position) - count(*) AS missing FROM log.events) e
        WHERE missing <> 0""",
    "the head is the last position": """
        SELECT count(*) FROM log.head WHERE position <> (SELECT max(position) FROM log.events)""",
    "streams without gaps": """
        SELECT count(*) FROM (
            SELECT stream FROM log.events GROUP BY stream HAVING max(version) <> count(*)) s""",
    "a stream's versions in the order of positions": """
        SELECT count(*) FROM (
            SELECT version - lag(version) OVER (PARTITION BY stream ORDER BY position) AS step
            FROM log.events) s WHERE step <> 1""",
    "time never goes back": """
        SELECT count(*) FROM (
            SELECT recorded_at < lag(recorded_at) OVER (ORDER BY position) AS back
            FROM log.events) t WHERE back""",
    "numbers without gaps, in the order of positions": """
        SELECT count(*) FROM (
            SELECT number, row_number() OVER (ORDER BY position) AS nth FROM log.events
            WHERE number IS NOT NULL) n WHERE number <> nth""",
    "every commit's events are there": """
        SELECT count(*) FROM log.commits c WHERE NOT EXISTS (
            SELECT FROM log.events e WHERE e.position = c.position
                AND e.stream = c.main_stream AND e.version = c.main_version)""",
}


@pytest.fixture
def writers(database: Database, master_key: bytes, tmp_path: Path) -> Any:
    processes: list[subprocess.Popen[bytes]] = []

    def start(url: str) -> tuple[subprocess.Popen[bytes], Path]:
        said = tmp_path / f"{len(processes)}.txt"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.infra.event_store.writer", url, master_key.hex()],
                stdout=output,
                cwd=ROOT,
            )
        processes.append(process)
        return process, said

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_writers_that_are_killed_leave_a_whole_log(
    writers: Any, database: Database, superuser: "psycopg.Connection[Any]"
) -> None:
    started = [writers(url) for url in (database.api_url, database.worker_url, database.api_url)]

    def position() -> int:
        row = superuser.execute("SELECT position FROM log.head").fetchone()
        assert row is not None
        return int(row[0])

    for nth, (process, said) in enumerate(started, 1):
        until("it writes", 30, lambda said=said: said.stat().st_size)
        until("all write", 30, lambda least=500 * nth: position() >= least)
        process.kill()
        process.wait()

    broken = {
        promise: found
        for promise, query in BROKEN.items()
        if (found := superuser.execute(query.encode()).fetchone()) != (0,)
    }
    assert broken == {}
    acknowledged = [
        (bytes.fromhex(line[:32]), int(line[33:]))
        for _, said in started
        for line in said.read_text().splitlines(keepends=True)
        if line.endswith("\n")  # the last one may be cut
    ]
    commits = {
        row[0].bytes: row[1]
        for row in superuser.execute("SELECT command_id, position FROM log.commits")
    }
    assert len(acknowledged) > 1_000
    assert [each for each in acknowledged if commits.get(each[0]) != each[1]] == []
    drawn = superuser.execute("SELECT value FROM log.sequences WHERE name = %s", (NUMBERS,))
    highest = superuser.execute("SELECT max(number) FROM log.events")
    assert drawn.fetchone() == highest.fetchone()
