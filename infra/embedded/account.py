"""Which account of the machine the embedded servers run under, and how a child takes it on."""

import ctypes
import os
import pwd
import signal
import struct
from collections.abc import Callable
from pathlib import Path

from domain.values.frozen import dataclass
from infra.embedded.errors import PartFailed

_ROOT = 0
_CANDIDATES = ("postgres", "nobody")

# Numbers of the Linux ABI: prctl(2), capabilities(7), capset(2).
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAP_SETPCAP = 8
_CAPABILITY_VERSION_3 = 0x20080522
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Account:
    """`uid` and `gid` that a server runs under.

    `capability` is kept by it beside, or None: leave to walk through folders that are closed to
    it, for a project that stands below one that only root may enter (such as root's home).
    """

    uid: int
    gid: int
    name: str
    capability: int | None = None

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()


def ourselves() -> Account:
    entry = _account_of(os.geteuid())
    return Account(os.geteuid(), os.getegid(), entry.pw_name if entry else "")


def server_account(wanted: str | None, folder: Path, programs: tuple[Path, ...]) -> Account:
    """Ourselves, unless we are root: PostgreSQL refuses to run as root, so then another account.

    That is the one that `folder` (of a server's data) belongs to already, else `wanted`, else
    the first known one. Raises PartFailed where root may not become it.
    """
    if os.geteuid() != _ROOT:
        return ourselves()
    found = _existing_owner(folder) or _first_known((wanted,) if wanted else _CANDIDATES)
    if found is None:
        raise PartFailed(
            "PostgreSQL refuses to run as root and there is no other account to run it under: "
            f"none of {', '.join((wanted,) if wanted else _CANDIDATES)} exists. "
            "Name one with TASKLEDGER_EMBEDDED_USER."
        )
    account = Account(found.pw_uid, found.pw_gid, found.pw_name)
    if all(_may_enter(path.parent, account) for path in (folder, *programs)):
        return account
    return Account(found.pw_uid, found.pw_gid, found.pw_name, _walking_capability(account, folder))


def child_setup(account: Account, death_signal: signal.Signals) -> Callable[[], None]:
    """What a child runs between fork and exec: take the account on, hear every signal, and die
    with its parent.

    The death signal is asked for last, because a change of account clears it.
    """
    parent = os.getpid()
    machine = os.uname().machine

    def setup() -> None:
        if not account.is_ours:
            if account.capability is not None:
                # Else access(2), by which programs look for each other, ignores capabilities.
                _libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            os.setgroups([account.gid])
            os.setresgid(account.gid, account.gid, account.gid)
            os.setresuid(account.uid, account.uid, account.uid)
            if account.capability is not None:
                _keep_only(account.capability, machine)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return setup


def die_with_parent(death_signal: signal.Signals) -> None:
    """Let the kernel send this process `death_signal` as soon as its parent is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def _keep_only(capability: int, machine: str) -> None:
    """Effective, permitted, inheritable and ambient: `capability`, and nothing else of root."""
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    bits = 1 << capability
    data = struct.pack("6I", bits, bits, bits, 0, 0, 0)
    failed = _libc.syscall(_SYS_CAPSET[machine], header, data)
    failed = failed or _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    if failed:
        os.write(2, b"cannot keep the capability to enter closed folders\n")
        os._exit(1)


def _account_of(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _existing_owner(folder: Path) -> pwd.struct_passwd | None:
    try:
        uid = folder.stat().st_uid
    except OSError:
        return None
    return _account_of(uid) if uid != _ROOT else None


def _first_known(names: tuple[str, ...]) -> pwd.struct_passwd | None:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _may_enter(folder: Path, account: Account) -> bool:
    """Whether the account may walk down to `folder`, by the permission bits alone."""
    for step in (folder, *folder.parents):
        try:
            status = step.stat()
        except OSError:
            continue
        if status.st_uid == account.uid:
            allowed = status.st_mode & 0o100
        elif status.st_gid == account.gid:
            allowed = status.st_mode & 0o010
        else:
            allowed = status.st_mode & 0o001
        if not allowed:
            return False
    return True


def _walking_capability(account: Account, folder: Path) -> int:
    """The narrowest capability of ours that lets the account walk through closed folders."""
    held = _effective_capabilities()
    if os.uname().machine in _SYS_CAPSET and held & (1 << _CAP_SETPCAP):
        for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
            if held & (1 << capability):
                return capability
    raise PartFailed(
        f"The account {account.name}, under which PostgreSQL runs here, may not enter {folder}. "
        "Open the folders above it to others (chmod o+x), or set TASKLEDGER_DATA_DIR to a folder "
        "that everybody may enter."
    )


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
