"""Merkle trees against the RFC written out naively, another implementation, and known values."""

import hashlib

import pytest
import scitt_cose
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.record.subset import ProofBroken, root_by_subset, subset_spans
from domain.record.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels_of,
    root_of,
    span_hash,
    span_nodes,
    verify_consistency,
    verify_inclusion,
)

# What the Certificate Transparency project publishes for the tests of its own implementations.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
FROM_2 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
FROM_4 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
FROM_6 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
AT_4_AND_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSIONS = [
    (0, 8, [LEAF_1, FROM_2, FROM_4]),
    (5, 8, [LEAF_4, FROM_6, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], FROM_2, LEAF_4]),
]
CONSISTENCIES = [
    (1, 1, []),
    (1, 8, [LEAF_1, FROM_2, FROM_4]),
    (6, 8, [AT_4_AND_5, FROM_6, ROOTS[4]]),
    (2, 5, [FROM_2, LEAF_4]),
]


def made(size: int) -> list[bytes]:
    return [b"leaf %d" % n for n in range(size)]


def naive(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it stands there."""
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = max(2**n for n in range(64) if 2**n < len(leaves))
    return hashlib.sha256(b"\1" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def source(leaves: list[bytes]):
    levels = levels_of([leaf_hash(each) for each in leaves])
    return lambda level, index: levels[level][index]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int):
    assert root_of(map(leaf_hash, LEAVES[:size])).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_published_inclusion_proofs(index: int, size: int, proof: list[str]):
    found = inclusion_proof(index, size, source(LEAVES[:size]))
    assert [each.hex() for each in found] == proof
    root = bytes.fromhex(ROOTS[size])
    assert verify_inclusion(index, size, leaf_hash(LEAVES[index]), found, root)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCIES)
def test_published_consistency_proofs(old: int, new: int, proof: list[str]):
    found = consistency_proof(old, new, source(LEAVES[:new]))
    assert [each.hex() for each in found] == proof
    roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    assert verify_consistency(old, new, *roots, found)


def test_every_small_tree_agrees_with_the_rfc_and_with_another_implementation():
    leaves = made(24)
    frontier = Frontier()
    roots = [naive(leaves[:size]) for size in range(25)]
    for size in range(25):
        assert frontier.root() == roots[size]
        entries = [each.hex() for each in leaves[:size]]
        assert scitt_cose.merkle_root(entries) == roots[size].hex()
        nodes = source(leaves[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, nodes)
            assert [each.hex() for each in proof] == scitt_cose.inclusion_proof(entries, index)
            assert verify_inclusion(index, size, leaf_hash(leaves[index]), proof, roots[size])
        for old in range(size + 1):
            proof = consistency_proof(old, size, nodes)
            theirs = scitt_cose.consistency_proof(entries, old, size)
            assert [each.hex() for each in proof] == theirs
            assert verify_consistency(old, size, roots[old], roots[size], proof)
        if size < 24:
            frontier.append(leaf_hash(leaves[size]))


@given(st.integers(1, 700), st.data())
@settings(max_examples=40)
def test_a_tree_goes_on_from_its_peaks(size: int, data: st.DataObject):
    leaves = made(size)
    part = data.draw(st.integers(0, size))
    levels = levels_of([leaf_hash(each) for each in leaves])
    frontier = Frontier(part, [levels[level][index] for level, index in span_nodes((0, part))])
    before = frontier.copy()
    for each in leaves[part:]:
        frontier.append(leaf_hash(each))
    assert frontier.root() == naive(leaves)
    assert before.root() == naive(leaves[:part])
    proof = consistency_proof(part, size, source(leaves))
    assert verify_consistency(part, size, before.root(), frontier.root(), proof)


@given(st.integers(2, 200), st.data())
@settings(max_examples=60)
def test_no_proof_holds_for_anything_else(size: int, data: st.DataObject):
    leaves = made(size)
    root, nodes = naive(leaves), source(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, nodes)
    leaf = leaf_hash(leaves[index])
    other = data.draw(st.integers(0, size + 2).filter(lambda n: n != index))
    assert not verify_inclusion(other, size, leaf, proof, root)
    assert not verify_inclusion(index, size, leaf_hash(b"other"), proof, root)
    assert not verify_inclusion(index, size, leaf, [*proof, root], root)
    assert not verify_inclusion(index, size, leaf, proof[:-1], root)
    assert not verify_inclusion(-1, size, leaf, proof, root)

    old = data.draw(st.integers(1, size - 1))
    was, steps = naive(leaves[:old]), consistency_proof(old, size, nodes)
    changed = data.draw(st.integers(0, len(steps) - 1))
    forged = [leaf if n == changed else each for n, each in enumerate(steps)]
    assert not verify_consistency(old, size, was, root, forged) or forged == steps
    assert not verify_consistency(old, size, root, root, steps)
    assert not verify_consistency(old, size, was, was, steps)
    assert not verify_consistency(old, size, was, root, [*steps, root])
    assert not verify_consistency(old, size, was, root, steps[:-1])
    assert not verify_consistency(size, old, root, was, steps)


def test_every_tree_begins_with_the_empty_one():
    assert verify_consistency(0, 8, EMPTY_ROOT, bytes.fromhex(ROOTS[8]), [])
    assert not verify_consistency(0, 8, bytes.fromhex(ROOTS[1]), bytes.fromhex(ROOTS[8]), [])
    assert not verify_consistency(0, 8, EMPTY_ROOT, bytes.fromhex(ROOTS[8]), [EMPTY_ROOT])
    with pytest.raises(ValueError, match="no leaf 8 in a tree of 8"):
        inclusion_proof(8, 8, source(LEAVES))
    with pytest.raises(ValueError, match="a tree of 8 leaves holds none of 9"):
        consistency_proof(9, 8, source(LEAVES))
    with pytest.raises(ValueError, match="a tree of 3 leaves has 2 peaks"):
        Frontier(3, [EMPTY_ROOT])


def test_a_tree_is_consistent_with_itself_and_with_no_other_of_its_size():
    one, other = bytes.fromhex(ROOTS[5]), bytes.fromhex(ROOTS[6])
    assert verify_consistency(5, 5, one, one, [])
    assert not verify_consistency(5, 5, one, other, [])
    assert not verify_consistency(5, 5, one, one, [other])
    assert not verify_consistency(5, 6, one, other, [])
    assert levels_of([one]) == [[one]]


subsets = st.integers(1, 300).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1)))
)


@given(subsets, st.data())
@settings(max_examples=80)
def test_many_leaves_are_proven_at_once(drawn: tuple[int, set[int]], data: st.DataObject):
    size, chosen = drawn
    leaves, shown = made(size), sorted(chosen)
    nodes = source(leaves)
    proof = [span_hash(span, nodes) for span in subset_spans(shown, size)]
    given_leaves = [(index, leaf_hash(leaves[index])) for index in shown]
    root = naive(leaves)
    assert root_by_subset(size, given_leaves, proof) == root
    if len(shown) == 1:
        assert sorted(proof) == sorted(inclusion_proof(shown[0], size, nodes))

    broken: list[tuple[list[tuple[int, bytes]], list[bytes]]] = [(given_leaves, [*proof, root])]
    if proof:
        broken.append((given_leaves, proof[:-1]))
    if shown:
        at = data.draw(st.integers(0, len(shown) - 1))
        index, _ = given_leaves[at]
        forged = [*given_leaves[:at], (index, leaf_hash(b"other")), *given_leaves[at + 1 :]]
        assert root_by_subset(size, forged, proof) != root
        broken.append(([*given_leaves, given_leaves[-1]], proof))
        broken.append(([*given_leaves, (size, root)], proof))
        broken.append(([(-1, root), *given_leaves], proof))
    for wrong_leaves, wrong_proof in broken:
        with pytest.raises(ProofBroken):
            root_by_subset(size, wrong_leaves, wrong_proof)


def test_a_subset_is_in_order_and_in_the_tree():
    for shown in ([3, 3], [4, 2], [8], [-1]):
        with pytest.raises(ValueError, match=f"leaf {shown[-1]} behind leaf .* in a tree of 8"):
            list(subset_spans(shown, 8))
    assert list(subset_spans([], 0)) == []
    assert list(subset_spans([], 5)) == [(0, 5)]
    assert root_by_subset(0, [], []) == EMPTY_ROOT
