"""The command line: which commands there are, and how each is found."""

import difflib
import errno
import gc
import importlib
import os
import select
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from api.cli.exits import BAD_USE, NOBODY_READS, explain

if TYPE_CHECKING:
    import typer


class Entry(NamedTuple):
    """`module` has an `app` (Typer), and is imported only when its command is called."""

    module: str
    does: str


COMMANDS = {
    "serve": Entry("api.cli.serve", "Run the product on this machine."),
    "migrate": Entry("api.cli.migrate", "Bring the database to the shape this version expects."),
    "status": Entry("api.cli.status", "Show each part, the log and how far every view is."),
    "projections": Entry("api.cli.projections", "List the views, their versions and their lag."),
    "rebuild": Entry("api.cli.rebuild", "Build views anew from the log while reading goes on."),
    "dead-letters": Entry(
        "api.cli.dead_letters", "Show and heal events that could not be applied."
    ),
    "replay": Entry("api.cli.replay", "Show what a thing was, step by step or at any moment."),
    "heads": Entry("api.cli.heads", "Check what is derived from the log, and put it right."),
    "incarnation": Entry("api.cli.incarnation", "Give a log that was put back a new identity."),
    "keys": Entry("api.cli.keys", "Put all keys under the current master key."),
    "record": Entry("api.cli.record", "Make the key that signs what the log holds."),
    "import": Entry("api.cli.import_", "Bring in work from elsewhere with its history."),
    "export": Entry("api.cli.export", "Make files of what is recorded, for people and programs."),
    "backup": Entry("api.cli.backup", "Write all that a new system needs into one file."),
    "restore": Entry("api.cli.restore", "Put a backup into a new, empty system."),
    "verify": Entry("api.cli.verify", "Say whether a bundle is complete and untouched, offline."),
    "proof": Entry("api.cli.proof", "Prove that an event is in the signed log, that it only grew."),
    "witness": Entry("api.cli.witness", "Cosign the checkpoints of logs, beside no database."),
    "users": Entry("api.cli.users", "Make, suspend, activate and erase accounts."),
}

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# Not behind `verify` itself, which verifies a file with nothing of the product at hand.
_DATABASE = "--database"
_VERIFY_DATABASE = Entry("api.cli.verify_database", "Say whether the live system is whole.")


def main() -> None:
    """The console script. Where nobody reads on (`| head`), it ends without a word; where what it
    says has no room (a full disk), that is no verdict of whatever it was asked."""
    _open_what_is_closed()
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        left = _left_unread()
        if not left:
            raise
        code = NOBODY_READS
        _lead_nowhere(left)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        code = BAD_USE
        with suppress(OSError):
            sys.stderr.write(f"taskledger: its answer cannot be written: {error.strerror}.\n")
        _lead_nowhere((1, 2))
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code."""
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("--help", [])
    if name in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0
    if name == "--version":
        sys.stdout.write(f"taskledger {_version()}\n")
        return 0
    entry = COMMANDS.get(name)
    if entry is None:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "`taskledger --help` lists them all."
        sys.stderr.write(f"taskledger: there is no command `{name}`; {hint}\n")
        return BAD_USE
    if name == "verify" and _DATABASE in rest:
        rest.remove(_DATABASE)
        name, entry = f"verify {_DATABASE}", _VERIFY_DATABASE
    try:
        app = _app_of(entry)
        app(args=rest, prog_name=f"taskledger {name}")
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # Typer makes a 1 of any
            raise ended.__context__ from None
        return ended.code if isinstance(ended.code, int) else BAD_USE
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        sys.stderr.write(f"taskledger: {explained.message}\n")
        return explained.code
    return 0


def _open_what_is_closed() -> None:
    """Who was begun without one of the three streams (`2>&-`) has it lead nowhere: else the next
    file or connection would get its number, and be written to as if it were the stream."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: its own
            os.set_inheritable(stream, True)
            setattr(sys, name, os.fdopen(stream, mode))


def _left_unread() -> list[int]:
    """Which of stdout and stderr lead to a pipe whose other end is closed."""
    streams = select.poll()
    for stream in (1, 2):
        streams.register(stream, 0)
    return [stream for stream, found in streams.poll(0) if found & select.POLLERR]


def _lead_nowhere(streams: Iterable[int]) -> None:
    """Else what is buffered is tried once more at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream)


def _app_of(entry: Entry) -> "typer.Typer":
    gc.disable()  # next to nothing of what is imported goes again: a fifth of the time
    try:
        app: typer.Typer = importlib.import_module(entry.module).app
    finally:
        gc.enable()
    return app


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {entry.does}" for name, entry in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: taskledger COMMAND [OPTIONS]",
            "",
            *lines,
            "",
            "`taskledger COMMAND --help` tells more. Settings come from the environment",
            "(TASKLEDGER_...). Exit codes: 0 done, 1 found something wrong, 2 bad use,",
            "3 a part is down.",
            "",
        ]
    )


def _version() -> str:
    # Here, since everybody else need not wait for it.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("taskledger")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    main()
