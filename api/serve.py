"""One API process: `python -m api.serve`, on a listening socket of its own or a supervisor's."""

import socket
import sys

import uvicorn
import uvloop
from fastapi import FastAPI

from api.app import create_app
from api.fair_server import FairServer
from infra import logs
from infra.bootstrap import open_house
from infra.keys.master import KeyUnusable
from infra.processes.collector import tune_collector
from infra.processes.large_pages import large_pages
from infra.settings import Settings, SettingsError

_BACKLOG = 2_048
_KEEP_ALIVE_S = 75


async def serve(settings: Settings) -> str | None:
    """Serve until SIGTERM or SIGINT; requests that run then are finished first.

    The answer says why this process must be started anew, where it has to be.
    """
    wrong: list[str] = []
    servers: list[FairServer] = []

    def on_wrong_log(why: str) -> None:
        wrong.append(why)
        for server in servers:
            server.should_exit = True

    async with open_house(settings, on_wrong_log) as house:
        with _listening_socket(settings) as listening:
            server = FairServer(
                _config(settings, create_app(house)), listening, house.change_waiters.let_go
            )
            servers.append(server)
            tune_collector()
            if not wrong:
                async with large_pages():
                    await server.serve()
    return wrong[0] if wrong else None


def _config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.stop_timeout_s),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


def main() -> None:
    try:
        settings = Settings.load().resolve()
    except SettingsError as error:
        sys.exit(str(error))
    logs.configure(settings.log_level, "api")
    try:
        wrong = uvloop.run(serve(settings))
    except KeyUnusable as error:
        sys.exit(f"The master key cannot be used: {error}")
    if wrong is not None:
        sys.exit(f"This process must be started anew: {wrong}")


def _listening_socket(settings: Settings) -> socket.socket:
    if settings.listen_fd is not None:
        return socket.socket(fileno=settings.listen_fd)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    own = socket.socket(family)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.bind((settings.host, settings.port))
    own.listen(_BACKLOG)
    return own


if __name__ == "__main__":
    main()
