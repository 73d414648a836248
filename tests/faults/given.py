"""A product on servers that the test owns, its way to PostgreSQL through a proxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from infra.embedded.folder import DataFolder
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import DATABASE, OWNER, SUPERUSER, Postgres
from infra.embedded.sockets import LOOPBACK
from infra.embedded.valkey import Valkey
from tests.e2e.served import Served, serving
from tests.faults.proxy import Proxy

# The one statement by which anything gets into the log.
_APPEND = b"log.append("


@dataclass(frozen=True, slots=True)
class Given:
    """PostgreSQL and Valkey are given from outside, as managed servers would be: nobody but the
    test starts them again. NATS is the product's own."""

    served: Served
    postgres: Postgres
    valkey: Valkey
    proxy: Proxy

    @property
    def superuser_url(self) -> str:
        """Past the proxy, to the product's database."""
        return self.postgres.url_of(SUPERUSER, DATABASE)

    @property
    def maintenance_url(self) -> str:
        """Past the proxy, to no database of the product."""
        return self.postgres.url_of(SUPERUSER, "postgres")


@contextmanager
def given(place: Path) -> Iterator[Given]:
    folder = DataFolder.open(place / "given")
    parts = EmbeddedParts.within(folder, ("postgres", "valkey"))
    try:
        parts.start()
        assert parts.postgres is not None
        assert parts.valkey is not None
        with Proxy(parts.postgres.port, _APPEND) as proxy:
            settings = {
                "DATABASE_URL": _through(proxy, parts.postgres, OWNER),
                "API_DATABASE_URL": _through(proxy, parts.postgres, "taskledger_api"),
                "WORKER_DATABASE_URL": _through(proxy, parts.postgres, "taskledger_worker"),
                "REDIS_URL": parts.valkey.url,
            }
            with serving(place / "served", **settings) as served:
                yield Given(served, parts.postgres, parts.valkey, proxy)
    finally:
        parts.stop()
        folder.close()


def _through(proxy: Proxy, postgres: Postgres, role: str) -> str:
    """Without encryption, which the proxy could not look into."""
    login = conninfo_to_dict(postgres.url_of(role))
    user, password = quote(str(login["user"])), quote(str(login["password"]), safe="")
    place = f"{LOOPBACK}:{proxy.port}/{DATABASE}"
    return f"postgresql://{user}:{password}@{place}?sslmode=disable&gssencmode=disable"
