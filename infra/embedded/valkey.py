"""Valkey as an embedded part."""

import json
from pathlib import Path

from infra.embedded.account import Account
from infra.embedded.binaries import valkey_program
from infra.embedded.files import give_folder, write_private
from infra.embedded.part import Part
from infra.embedded.sockets import LOOPBACK, exchange

_MAX_MEMORY = "128mb"


class Valkey(Part):
    """Keeps nothing on disk: rate limits and signals start afresh with it."""

    name = "Valkey"
    setting = "TASKLEDGER_REDIS_URL"

    def __init__(
        self, folder: Path, logs: Path, account: Account, port: int, password: str
    ) -> None:
        super().__init__(folder, logs, account, port)
        self._password = password
        self._program = valkey_program()
        self._config = folder / "valkey.conf"

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        give_folder(self.folder, self._account)
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "dir": json.dumps(str(self.folder), ensure_ascii=False),
            "save": '""',
            "appendonly": "no",
            "maxmemory": _MAX_MEMORY,
            "maxmemory-policy": "allkeys-lru",
            "enable-debug-command": "no",
        }
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        write_private(self._config, text, self._account)

    def command(self) -> list[str]:
        return [str(self._program), str(self._config)]

    def is_ready(self) -> bool:
        request = f"AUTH {self._password}\r\nPING\r\n".encode()
        return b"+PONG" in exchange(self.port, request, b"+PONG")
