"""Counts of what is tried, told at once for the first time and then once in a while."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

K = TypeVar("K")

_MOST_WAYS: Final = 20
_MOST_ADDRESSES: Final = 1_000
OTHERS: Final = "other"


@dataclass(slots=True)
class Count:
    """What was tried under one key since it was told last. What comes in too many ways is counted
    as `other`, and of addresses more than a thousand are not told apart."""

    since: datetime
    until: datetime
    address: str | None
    times: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)

    def add(self, way: str, address: str | None, now: datetime, times: int = 1) -> None:
        self.times += times
        self.until = now
        known = way if way in self.ways or len(self.ways) < _MOST_WAYS else OTHERS
        self.ways[known] = self.ways.get(known, 0) + times
        if address is not None:
            self.address = address
            if len(self.addresses) < _MOST_ADDRESSES:
                self.addresses.add(address)

    def join(self, other: "Count") -> None:
        """What could not be told is counted into what comes next."""
        for way, times in other.ways.items():
            self.add(way, None, self.until, times)
        self.since = min(self.since, other.since)
        self.address = self.address or other.address
        self.addresses |= other.addresses


class Tally(Generic[K]):
    """`window_s`: how long after a key was told it is told again. `most_keys` are told apart;
    what else comes is counted under `overflow`. Cheap to add to, whoever floods it."""

    def __init__(self, overflow: K, *, window_s: float, most_keys: int) -> None:
        self._overflow = overflow
        self._window_s = window_s
        self._most_keys = most_keys
        self._counts: dict[K, Count] = {}
        self._told_at: dict[K, float] = {}

    def add(self, key: K, way: str, address: str | None, now: datetime) -> None:
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= self._most_keys:
                key = self._overflow
                count = self._counts.get(key)
            if count is None:
                count = self._counts[key] = Count(now, now, address)
        count.add(way, address, now)

    def due(self, monotonic_s: float) -> Iterator[tuple[K, Count]]:
        """Takes one after the other what is to be told now."""
        before = monotonic_s - self._window_s
        for key in [key for key, at in self._told_at.items() if at <= before]:
            del self._told_at[key]
        for key in [key for key in self._counts if key not in self._told_at]:
            self._told_at[key] = monotonic_s
            yield key, self._counts.pop(key)

    def put_back(self, key: K, count: Count) -> None:
        """It could not be told: it is due again at once."""
        self._told_at.pop(key, None)
        newer = self._counts.get(key)
        if newer is None:
            self._counts[key] = count
        else:
            newer.join(count)
