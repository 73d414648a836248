"""One API process: `python -m api.serve`, on a listening socket of its own or a supervisor's."""

import asyncio
import socket
import sys

import structlog
import uvicorn
import uvloop

from api.app import create_app
from infra import logs
from infra.bootstrap import open_house
from infra.settings import Settings, SettingsError

_BACKLOG = 2_048
_KEEP_ALIVE_S = 75

_log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests that run then are finished first."""
    house = await open_house(settings)
    try:
        config = uvicorn.Config(
            create_app(house),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=int(settings.stop_timeout_s),
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
        )
        with _listening_socket(settings) as listening:
            await uvicorn.Server(config).serve(sockets=[listening])
    finally:
        await house.close()


def main() -> None:
    try:
        settings = Settings.load().resolve()
    except SettingsError as error:
        sys.exit(str(error))
    logs.configure(settings.log_level, "api")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))


def _listening_socket(settings: Settings) -> socket.socket:
    if settings.listen_fd is not None:
        inherited = socket.socket(fileno=settings.listen_fd)
        inherited.setblocking(False)
        return inherited
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    own = socket.socket(family)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.bind((settings.host, settings.port))
    return own


if __name__ == "__main__":
    main()
