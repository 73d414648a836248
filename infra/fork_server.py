"""Forks processes of ours from one that has imported their code: `python -m infra.fork_server`.

So each of them starts within milliseconds, and what they have in common is in memory once. This
process opens nothing of its own and starts no thread: neither survives a fork whole.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from infra.embedded.account import child_setup, ourselves

FORK: Final = b"fork"
IMPORTED: Final = b"imported"
NUMBER_BYTES: Final = 4

_OUTPUT: Final = 1
_ERROR_OUTPUT: Final = 2
_MESSAGE_BYTES: Final = 4096
_MOST_DESCRIPTORS: Final = 8


class Orders(NamedTuple):
    """What a forked process is to run: the `main` of `module`, as if that had been started alone.

    `name` is how lists of processes show it (15 characters at most). `descriptors` are the
    variables of its environment that name the descriptors which come with these orders.
    """

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[str]

    def encode(self) -> bytes:
        return json.dumps(self).encode()

    @classmethod
    def read(cls, connection: socket.socket) -> "Orders | None":
        """To the end of what comes; None where that is nothing."""
        with connection.makefile("rb") as told:
            encoded = told.read()
        return cls(*json.loads(encoded)) if encoded else None


class Given(NamedTuple):
    """What a new process gets from whoever wished for it.

    The connection carries its number together with a descriptor of it, back its orders, which it
    reads itself, and at last its exit code. Whoever gave up waiting sends no orders: so nothing
    runs that nobody knows of.
    """

    connection: socket.socket
    output: int
    error_output: int
    further: Sequence[int]

    def pass_on(self) -> None:
        """Close what the new process has now; the connection stays."""
        for descriptor in (self.output, self.error_output, *self.further):
            os.close(descriptor)

    def run(self) -> None:
        """In the new process: follow the orders, if any come, to their end."""
        with self.connection:
            orders = Orders.read(self.connection)
        if orders is None:
            return
        os.dup2(self.output, _OUTPUT)
        os.dup2(self.error_output, _ERROR_OUTPUT)
        os.close(self.output)
        os.close(self.error_output)
        Path("/proc/self/comm").write_text(orders.name)
        os.environ.clear()
        os.environ.update(orders.environment)
        os.environ.update(zip(orders.descriptors, map(str, self.further), strict=True))
        sys.argv = [orders.module, *orders.arguments]
        importlib.import_module(orders.module).main()


class _Child(NamedTuple):
    pid: int
    connection: socket.socket

    def tell_end(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        with self.connection, contextlib.suppress(OSError):
            self.connection.sendall(number(os.waitstatus_to_exitcode(status)))


def serve(control: socket.socket) -> Given | None:
    """Do what is wished for: import modules, or fork; and tell how each process ended.

    Returns in every new process, with what that was given; and with None when nobody is left to
    wish for anything.
    """
    children: dict[int, _Child] = {}  # by the descriptor of the process
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    setup = child_setup(ourselves(), signal.SIGKILL)
    while True:
        for ready, _ in waiting.poll():
            if ready in children:
                waiting.unregister(ready)
                os.close(ready)
                children.pop(ready).tell_end()
                continue
            wish, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, _MOST_DESCRIPTORS)
            if not wish:
                return None
            if wish != FORK:
                prepare(wish.decode().split())
                control.sendall(IMPORTED)
                continue
            connection, output, error_output, *further = descriptors
            given = Given(socket.socket(fileno=connection), output, error_output, further)
            pid = _fork()
            if pid == 0:
                os.setsid()
                setup()
                control.close()
                for process, child in children.items():
                    os.close(process)
                    child.connection.close()
                return given
            given.pass_on()
            if pid is None:
                given.connection.close()
                continue
            process = os.pidfd_open(pid)
            children[process] = _Child(pid, given.connection)
            waiting.register(process, select.POLLIN)
            with contextlib.suppress(OSError):  # whoever wished is gone, and all of us with it
                socket.send_fds(given.connection, [number(pid)], [process])


def prepare(modules: Sequence[str]) -> None:
    """Import them for all processes to come."""
    gc.disable()  # next to nothing of what is imported goes again
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # else a collection in a child would write to every page that it shares
    gc.enable()


def number(value: int) -> bytes:
    """As it goes over a connection."""
    return value.to_bytes(NUMBER_BYTES, "big", signed=True)


def _fork() -> int | None:
    """None where the machine has no room for one more; whoever wished for it tries again."""
    try:
        return os.fork()
    except OSError as error:
        sys.stderr.write(f"cannot fork: {error}\n")
        return None


def main() -> None:
    """`FD MODULE...`: the control socket, and what to import while nobody has wished yet."""
    control = socket.socket(fileno=int(sys.argv[1]))
    prepare(sys.argv[2:])
    given = serve(control)
    if given is not None:
        given.run()


if __name__ == "__main__":
    main()
