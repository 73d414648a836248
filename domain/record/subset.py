"""The proof that many leaves of one tree are in it, written and checked as a stream.

It is as long as the gaps between the leaves need, and never longer: see "The proof" in
docs/record.md.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from domain.record.tree import EMPTY_ROOT, Span, split


class ProofBroken(Exception):
    """The proof and the leaves do not fit each other."""


def subset_spans(shown: Iterable[int], size: int) -> Iterator[Span]:
    """What the proof for the leaves with these indexes, in ascending order, consists of, in its
    order; `tree.span_hash` gives the hash of each. Raises ValueError for indexes that do not
    ascend or lie outside of the tree."""
    indexes = _ascending(shown, size)
    coming = next(indexes)
    waiting = [(0, size)] if size else []
    while waiting:
        first, count = waiting.pop()
        if coming >= first + count:
            yield first, count
        elif count == 1:
            coming = next(indexes)
        else:
            left = split(count)
            waiting.append((first + left, count - left))
            waiting.append((first, left))


def root_by_subset(size: int, leaves: Iterable[tuple[int, bytes]], proof: Iterable[bytes]) -> bytes:
    """The root that these leaves, (index, leaf hash) in ascending order, and the proof lead to.

    Takes one leaf at a time. Raises ProofBroken where anything is missing or left over, or the
    indexes do not ascend within the tree.
    """
    coming = iter(leaves)
    hashes = iter(proof)
    index, leaf_hash = next(coming, _NO_MORE)

    def root(first: int, count: int) -> bytes:
        nonlocal index, leaf_hash
        if index >= first + count:
            found = next(hashes, None)
            if found is None:
                raise ProofBroken("the proof is too short")
            return found
        if count == 1:
            found = leaf_hash
            index, leaf_hash = next(coming, _NO_MORE)
            if index <= first:
                raise ProofBroken(f"leaf {index} stands behind leaf {first}")
            return found
        left = split(count)
        return sha256(b"\x01" + root(first, left) + root(first + left, count - left)).digest()

    if index < 0:
        raise ProofBroken(f"there is no leaf {index}")
    found = root(0, size) if size else EMPTY_ROOT
    if index != _NO_MORE[0]:
        raise ProofBroken(f"leaf {index} is outside of a tree of {size}")
    if next(hashes, None) is not None:
        raise ProofBroken("the proof is too long")
    return found


_NO_MORE = (2**64, b"")  # beyond every index


def _ascending(shown: Iterable[int], size: int) -> Iterator[int]:
    before = -1
    for index in shown:
        if not before < index < size:
            raise ValueError(f"leaf {index} behind leaf {before}, in a tree of {size}")
        yield index
        before = index
    yield _NO_MORE[0]
