"""Real parts for every test: started once, and a fresh migrated database for each test."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from infra import logs
from infra.embedded.folder import DataFolder
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import OWNER
from tests.opensearch.server import OpenSearchServer, Unavailable
from tests.real import Database, Parts, fresh_database, make_database, set_for_tests

_TEMPLATE = "migrated"

# Laws of the business hold however slow the machine is that tries them.
settings.register_profile(
    "taskledger",
    parent=settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("taskledger")


# A command that is tried in the process of the tests must not decide what is logged after it, and
# where to: what a test has logged is shown where it fails, and is not among what a command prints.
logs.configure = lambda level, role: None
structlog.configure(
    processors=[
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
)
for _package in ("api", "commands", "infra"):
    logging.getLogger(_package).setLevel(logging.INFO)

# Whole products and servers of another language: begun last, they would be waited for.
_LONG = ("e2e", "faults", "opensearch", "proof", "test_pages.py", "test_schemathesis.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not set(_LONG) & {item.path.parent.name, item.path.name})


class _ByFile(LoadFileScheduling):
    """A file's tests share what it starts, and those on OpenSearch the one server."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = "opensearch" if "opensearch" in nodeid else super()._split_scope(nodeid)
        return scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    return _ByFile(config, log)


# Hundreds of databases come and go, of hundreds of files each, and file systems on disk are slow to
# find room for a file after many were deleted: in memory, where there is enough of it.
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 4 * 2**30


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    place = (
        Path(mkdtemp(prefix="taskledger-tests-", dir=_MEMORY))
        if in_memory
        else tmp_path_factory.mktemp("parts")
    )
    folder = DataFolder.open(place)
    embedded = EmbeddedParts.within(folder)
    try:
        embedded.start()
        assert embedded.postgres is not None
        assert embedded.nats is not None
        assert embedded.valkey is not None
        started = Parts(embedded.postgres, embedded.nats, embedded.valkey)
        set_for_tests(started)
        yield started
    finally:
        embedded.stop()
        folder.close()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(parts: Parts) -> str:
    """The name of a migrated database that nobody uses, to copy from."""
    from infra.postgres.migrate import migrate

    make_database(parts, _TEMPLATE, copied_from="template0")
    migrate(parts.postgres.url_of(OWNER, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def opensearch() -> Iterator[OpenSearchServer]:
    """Started for the first test that needs it; skipped, with the reason, where it cannot be."""
    try:
        server = OpenSearchServer()
    except Unavailable as why:
        pytest.skip(f"no OpenSearch: {why}")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(parts: Parts, migrated: str) -> Iterator[Database]:
    with fresh_database(parts, migrated) as made:
        yield made


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """An empty place for the data folder of a run of its own."""
    return tmp_path / "data"
