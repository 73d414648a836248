"""A mapping whose next version shares almost all of itself with the one before.

The index of a large aggregate lives in one: copying a dictionary of 50,000 entries for each event
takes half a millisecond, and folding a long stream so takes minutes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self, TypeVar, overload

V = TypeVar("V")
D = TypeVar("D")

_MOST_IN_A_BUCKET = 64


class SharedMap(Mapping[str, V]):
    """Immutable. `put` and `without` copy one bucket of about 64 entries and the list of them."""

    __slots__ = ("_buckets", "_mask", "_size")

    def __init__(self, entries: Mapping[str, V] | None = None) -> None:
        entries = entries or {}
        count = 1
        while len(entries) > count * _MOST_IN_A_BUCKET:
            count *= 2
        self._buckets: list[dict[str, V]] = [{} for _ in range(count)]
        self._mask = count - 1
        self._size = len(entries)
        for key, value in entries.items():
            self._buckets[hash(key) & self._mask][key] = value

    def put(self, key: str, value: V) -> "SharedMap[V]":
        """The same with one entry more, or another."""
        at = hash(key) & self._mask
        bucket = self._buckets[at]
        size = self._size + (key not in bucket)
        if size > len(self._buckets) * _MOST_IN_A_BUCKET:
            return SharedMap({**self, key: value})
        return self._with(at, {**bucket, key: value}, size)

    def updated(self, entries: Mapping[str, V]) -> "SharedMap[V]":
        """The same with all of these, each of them there before or not."""
        if len(entries) > len(self._buckets):
            return SharedMap({**self, **entries})
        changed = self
        for key, value in entries.items():
            changed = changed.put(key, value)
        return changed

    def without(self, key: str) -> "SharedMap[V]":
        """The same without an entry, which need not be there."""
        at = hash(key) & self._mask
        bucket = self._buckets[at]
        if key not in bucket:
            return self
        rest = {name: value for name, value in bucket.items() if name != key}
        return self._with(at, rest, self._size - 1)

    def _with(self, at: int, bucket: dict[str, V], size: int) -> Self:
        copy = object.__new__(type(self))
        copy._buckets = self._buckets.copy()
        copy._buckets[at] = bucket
        copy._mask = self._mask
        copy._size = size
        return copy

    def __getitem__(self, key: str) -> V:
        return self._buckets[hash(key) & self._mask][key]

    @overload
    def get(self, key: str, /) -> V | None: ...

    @overload
    def get(self, key: str, /, default: V | D) -> V | D: ...

    def get(self, key: str, /, default: Any = None) -> Any:
        return self._buckets[hash(key) & self._mask].get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._buckets[hash(key) & self._mask]

    def __iter__(self) -> Iterator[str]:
        for bucket in self._buckets:
            yield from bucket

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"SharedMap({dict(self)!r})"
