"""Passwords: Argon2id off the event loop, and a list of those that everybody tries first."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import Kind, Problem, Refused

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 256

T = TypeVar("T")

# Hashing holds 19 MiB and a core each: this many at once, this many more may wait.
_THREADS: Final = 2
_WAITING: Final = 64


@cache
def _common() -> frozenset[str]:
    """The 30,000 most used passwords, as the zxcvbn library lists them."""
    # Here, since only who registers or changes a password needs its dictionaries.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def weaknesses(password: str, *, known: Sequence[str] = (), pointer: str) -> list[Problem]:
    """Why this password cannot be taken. `known` are words about its owner (name, e-mail)."""
    if len(password) < MIN_LENGTH:
        detail = f"A password has at least {MIN_LENGTH} characters."
        return [Problem(pointer, "too-short", detail)]
    if len(password) > MAX_LENGTH:
        return [Problem(pointer, "too-long", f"A password has at most {MAX_LENGTH} characters.")]
    folded = password.casefold()
    if folded in _common() or len(set(folded)) < 3:
        detail = "This is one of the passwords that are tried first; choose another."
        return [Problem(pointer, "too-common", detail)]
    if folded in {word.casefold() for word in known}:
        detail = "A password cannot be the username or the e-mail address."
        return [Problem(pointer, "too-common", detail)]
    return []


class Passwords:
    """Argon2id with the parameters of RFC 9106's second choice scaled by OWASP (19 MiB, t=2)."""

    def __init__(self, *, memory_kib: int = 19_456, rounds: int = 2) -> None:
        self._hasher = PasswordHasher(
            time_cost=rounds, memory_cost=memory_kib, parallelism=1, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._running = 0
        # What an unknown name is checked against, so that the answer takes as long as for a known.
        self._nobody = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """Raises Refused(OVERLOADED) when too many are waiting already."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; takes the same time where there is no stored one."""

        def check() -> bool:
            try:
                self._hasher.verify(stored or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
            return stored is not None

        return await self._run(check)

    def is_outdated(self, stored: str) -> bool:
        """Whether it was hashed with weaker parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._running >= _THREADS + _WAITING:
            raise Refused(Kind.OVERLOADED, "Too many log-ins at once; try again in a moment.")
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._running -= 1
