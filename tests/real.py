"""What the fixtures of real parts hand to a test."""

from dataclasses import dataclass

from infra.embedded.nats import Nats
from infra.embedded.postgres import Postgres
from infra.embedded.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Parts:
    """The servers of this test run. Each has `kill`, `stop`, `start` and `signal`, for tests of
    bad days; such a test starts again what it ended."""

    postgres: Postgres
    nats: Nats
    valkey: Valkey

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def nats_url(self) -> str:
        return self.nats.url

    @property
    def redis_url(self) -> str:
        return self.valkey.url


@dataclass(frozen=True, slots=True)
class Database:
    """A database of its own for one test, as each role sees it."""

    name: str
    superuser_url: str
    owner_url: str
    api_url: str
    worker_url: str
    search_url: str
