"""The embedded parts of one box together: which there are, where they are, how they start."""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from domain.values.frozen import dataclass
from infra.embedded.account import server_account
from infra.embedded.binaries import nats_program, postgres_programs, valkey_program
from infra.embedded.folder import DataFolder
from infra.embedded.nats import Nats
from infra.embedded.part import Part
from infra.embedded.postgres import LOGIN_ROLES, OWNER, SUPERUSER, Passwords, Postgres
from infra.embedded.valkey import Valkey

SETTING_OF = {"postgres": "database_url", "nats": "nats_url", "valkey": "redis_url"}
ALL = tuple(SETTING_OF)


@dataclass(frozen=True, slots=True)
class EmbeddedParts:
    """Those that were asked for; None for one that is given from outside."""

    postgres: Postgres | None
    nats: Nats | None
    valkey: Valkey | None

    @classmethod
    def within(
        cls, folder: DataFolder, wanted: Collection[str] = ALL, account_name: str | None = None
    ) -> "EmbeddedParts":
        """Lay them out in the data folder, each on a port of its own; nothing is started."""
        roles = (SUPERUSER, OWNER, *LOGIN_ROLES)
        passwords = folder.passwords((*roles, "nats", "valkey"))
        ports = folder.ports(name for name in ALL if name in wanted)
        logs = folder.path / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        programs: list[Path] = []
        if "postgres" in wanted:
            programs += postgres_programs()
        if "nats" in wanted:
            programs.append(nats_program())
        if "valkey" in wanted:
            programs.append(valkey_program())
        account = server_account(account_name, folder.path / "postgres", tuple(programs))
        return cls(
            postgres=Postgres(
                folder.path / "postgres",
                logs,
                account,
                ports["postgres"],
                Passwords({role: passwords[role] for role in roles}),
            )
            if "postgres" in wanted
            else None,
            nats=Nats(folder.path / "nats", logs, account, ports["nats"], passwords["nats"])
            if "nats" in wanted
            else None,
            valkey=Valkey(
                folder.path / "valkey", logs, account, ports["valkey"], passwords["valkey"]
            )
            if "valkey" in wanted
            else None,
        )

    def __iter__(self) -> Iterator[Part]:
        return (part for part in (self.postgres, self.nats, self.valkey) if part is not None)

    def start(self) -> None:
        """Start them side by side; from the thread that is to outlive them. Raises PartFailed."""
        parts: list[Part] = list(self)
        with ThreadPoolExecutor(max_workers=len(ALL)) as pool:
            for future in [pool.submit(part.prepare) for part in parts]:
                future.result()
            for part in parts:
                part.spawn()
            for future in [pool.submit(part.wait_ready) for part in parts]:
                future.result()
        for part in parts:
            part.after_start()

    def stop(self) -> None:
        """End them in order: the log last, since the others only carry what it holds."""
        for part in reversed(list(self)):
            part.stop()

    def urls(self) -> dict[str, str]:
        """Setting -> URL, for those that are embedded."""
        urls: dict[str, str] = {}
        if self.postgres is not None:
            urls["TASKLEDGER_DATABASE_URL"] = self.postgres.url_of(OWNER)
            urls["TASKLEDGER_API_DATABASE_URL"] = self.postgres.url_of("taskledger_api")
            urls["TASKLEDGER_WORKER_DATABASE_URL"] = self.postgres.url_of("taskledger_worker")
        if self.nats is not None:
            urls["TASKLEDGER_NATS_URL"] = self.nats.url
        if self.valkey is not None:
            urls["TASKLEDGER_REDIS_URL"] = self.valkey.url
        return urls
