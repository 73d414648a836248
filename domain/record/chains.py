"""The tree over all workspaces' chains at one moment, and a workspace's place in it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from domain.record.encoding import lp
from domain.record.tree import (
    inclusion_proof,
    leaf_hash,
    levels_of,
    root_by_inclusion,
    root_of,
)

_u64 = struct.Struct(">Q").pack


@dataclass(frozen=True, slots=True)
class Chain:
    """How many events a workspace has, and the link of the last one."""

    workspace: str
    count: int
    link: bytes


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """A chain's place among all: it is leaf `index` of `workspaces`, `proof` leads to the root."""

    chain: Chain
    index: int
    workspaces: int
    proof: tuple[bytes, ...]

    def root(self) -> bytes:
        """Where the proof leads. Raises ValueError for one that cannot be."""
        return root_by_inclusion(
            self.index, self.workspaces, chain_leaf_hash(self.chain), self.proof
        )


def in_order(chains: Sequence[Chain]) -> list[Chain]:
    """By the bytes of the workspaces' ids, which is the order of the leaves."""
    return sorted(chains, key=lambda chain: chain.workspace.encode())


def chain_leaf_hash(chain: Chain) -> bytes:
    return leaf_hash(lp(chain.workspace.encode()) + _u64(chain.count) + chain.link)


def chains_root(chains: Sequence[Chain]) -> bytes:
    """The root over chains in any order, each workspace's once."""
    return root_of(map(chain_leaf_hash, in_order(chains)))


def chain_place(chains: Sequence[Chain], workspace: str) -> ChainPlace:
    """Where a workspace stands. Raises KeyError for one that has no chain."""
    ordered = in_order(chains)
    index = next((n for n, chain in enumerate(ordered) if chain.workspace == workspace), None)
    if index is None:
        raise KeyError(workspace)
    levels = levels_of([chain_leaf_hash(chain) for chain in ordered])
    proof = inclusion_proof(index, len(ordered), lambda level, node: levels[level][node])
    return ChainPlace(ordered[index], index, len(ordered), tuple(proof))
