"""Waiting longer and longer between tries, with some chance in it so that peers do not march."""

import asyncio
import random

FIRST_S = 0.05
LONGEST_S = 2.0


class Backoff:
    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def reset(self) -> None:
        self._next_s = self._first_s

    async def wait(self) -> None:
        delay = self._next_s
        self._next_s = min(self._longest_s, delay * 2)
        await asyncio.sleep(delay * (0.75 + random.random() / 2))  # noqa: S311  # not a secret
