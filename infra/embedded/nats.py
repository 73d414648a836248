"""NATS with JetStream as an embedded part."""

import json
from pathlib import Path

from infra.embedded.account import Account
from infra.embedded.binaries import nats_program
from infra.embedded.files import give_folder, write_private
from infra.embedded.part import Part
from infra.embedded.sockets import LOOPBACK, exchange

MAX_PAYLOAD_BYTES = 1024 * 1024
_MAX_MEMORY_BYTES = 64 * 1024 * 1024
_MAX_FILE_BYTES = 4 * 1024 * 1024 * 1024
_USER = "taskledger"


class Nats(Part):
    """All of it can be deleted at any time: what it holds comes again from the log."""

    name = "NATS"
    setting = "TASKLEDGER_NATS_URL"

    def __init__(
        self, folder: Path, logs: Path, account: Account, port: int, password: str
    ) -> None:
        super().__init__(folder, logs, account, port)
        self._password = password
        self._program = nats_program()
        self._config = folder / "nats.json"

    @property
    def url(self) -> str:
        return f"nats://{_USER}:{self._password}@{LOOPBACK}:{self.port}"

    @property
    def jetstream_folder(self) -> Path:
        return self.folder / "jetstream"

    def prepare(self) -> None:
        give_folder(self.folder, self._account)
        give_folder(self.jetstream_folder, self._account)
        config = {
            "server_name": "taskledger",
            "listen": f"{LOOPBACK}:{self.port}",
            "max_payload": MAX_PAYLOAD_BYTES,
            "logtime_utc": True,
            "authorization": {"user": _USER, "password": self._password},
            "jetstream": {
                "store_dir": str(self.folder),
                "max_memory_store": _MAX_MEMORY_BYTES,
                "max_file_store": _MAX_FILE_BYTES,
            },
        }
        write_private(self._config, json.dumps(config, indent=1), self._account)

    def command(self) -> list[str]:
        return [str(self._program), "--config", str(self._config)]

    def is_ready(self) -> bool:
        login = json.dumps({"user": _USER, "pass": self._password, "verbose": False})
        return b"PONG" in exchange(self.port, f"CONNECT {login}\r\nPING\r\n".encode(), b"PONG")
