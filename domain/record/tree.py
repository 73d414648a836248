"""Merkle trees of RFC 6962 over SHA-256: growing them, their proofs, and checking those.

A *node* is (level, index): the root of the 2^level leaves from index * 2^level on. A *span* is
(first, size): leaves that stand together under one node of the tree, a perfect one or not.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()

Node = tuple[int, int]
Span = tuple[int, int]
HashSource = Callable[[int, int], bytes]
"""The hash of a node (level, index) all of whose leaves are in the tree."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two less than `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


class Frontier:
    """A tree that only grows, by the roots of its perfect subtrees: one for each bit of its size,
    the largest first."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks")

    def append(self, leaf_hash: bytes) -> None:
        peaks = self.peaks
        full = self.size
        self.size += 1
        while full & 1:
            leaf_hash = sha256(b"\x01" + peaks.pop() + leaf_hash).digest()
            full >>= 1
        peaks.append(leaf_hash)

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        *others, root = self.peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root

    def copy(self) -> "Frontier":
        return Frontier(self.size, self.peaks)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    frontier = Frontier()
    for each in leaf_hashes:
        frontier.append(each)
    return frontier.root()


def levels_of(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """All nodes of a tree in memory: `levels_of(hashes)[level][index]`."""
    levels = [list(leaf_hashes)]
    while len(below := levels[-1]) > 1:
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append([node_hash(left, right) for left, right in pairs])
    return levels


def span_nodes(span: Span) -> list[Node]:
    """The perfect subtrees that make up a span, from left to right. A span of a tree begins at
    a multiple of the largest power of two that it holds."""
    first, size = span
    nodes = []
    while size:
        level = size.bit_length() - 1
        nodes.append((level, first >> level))
        first += 1 << level
        size -= 1 << level
    return nodes


def span_hash(span: Span, source: HashSource) -> bytes:
    """The root over a span's leaves."""
    *others, last = span_nodes(span)
    root = source(*last)
    for node in reversed(others):
        root = node_hash(source(*node), root)
    return root


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What an inclusion proof consists of (RFC 6962, 2.1.1), in its order: from the leaf up."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    spans: list[Span] = []
    first = 0
    while size > 1:
        left = split(size)
        if index - first < left:
            spans.append((first + left, size - left))
            size = left
        else:
            spans.append((first, left))
            first, size = first + left, size - left
    spans.reverse()
    return spans


def consistency_spans(old: int, new: int) -> list[Span]:
    """What a consistency proof consists of (RFC 6962, 2.1.2), in its order; none where either
    tree is empty or both are of one size."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves holds none of {old}")
    if old in (0, new):
        return []
    spans: list[Span] = []
    first, size, known, whole = 0, new, old, True
    while known != size:
        left = split(size)
        if known <= left:
            spans.append((first + left, size - left))
            size = left
        else:
            spans.append((first, left))
            first, size, known, whole = first + left, size - left, known - left, False
    if not whole:
        spans.append((first, size))
    spans.reverse()
    return spans


def inclusion_proof(index: int, size: int, source: HashSource) -> list[bytes]:
    """That the leaf `index` is in the tree of `size` leaves. Raises ValueError."""
    return [span_hash(span, source) for span in inclusion_spans(index, size)]


def consistency_proof(old: int, new: int, source: HashSource) -> list[bytes]:
    """That the tree of `new` leaves begins with that of `old`. Raises ValueError."""
    return [span_hash(span, source) for span in consistency_spans(old, new)]


def root_by_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2). Raises ValueError for a
    proof that is too short or too long, or a leaf that cannot be there."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    node, last, root = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return root


def verify_inclusion(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    try:
        return root_by_inclusion(index, size, leaf_hash, proof) == root
    except ValueError:
        return False


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162, 2.1.4.2. Every tree begins with the empty one."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, each)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
