"""The tree as files, and the tree of chains."""

import hashlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.record import encoding
from domain.record.chains import Chain, chain_place, chains_root
from domain.record.tiles import (
    ENTRIES,
    Tile,
    entries_content,
    parse_path,
    read_entries,
    read_hashes,
    source_of_tiles,
    tile_of,
)
from domain.record.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)


def tiles_of(size: int) -> list[Tile]:
    """All that `tile_of` says a tree of this size has, of entries first, then level by level."""
    found = []
    for level in (ENTRIES, *range(8)):
        for index in itertools.count():
            try:
                found.append(tile_of(level, index, size))
            except ValueError:
                break
    return found


def test_paths_are_those_of_the_specification():
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(1, 0, 17).path == "tile/1/000.p/17"
    assert Tile(ENTRIES, 999).path == "tile/entries/999"
    assert Tile(63, 1000).path == "tile/63/x001/000"
    for tile in (Tile(0, 1234067), Tile(1, 0, 17), Tile(ENTRIES, 999), Tile(63, 1000)):
        assert parse_path(tile.path) == tile
    for path in (
        "tile/0/1", "tile/00/001", "tile/64/001", "tile/0/001.p/0", "tile/0/001.p/256",
        "tile/0/001.p/01", "tile/0/x000/001", "tile/0/x001", "tile/data/001", "tile/0/001/",
        "/tile/0/001", "tile/0/001.p/", "tile/0/../001", "tile/-1/001",
    ):  # fmt: skip
        assert parse_path(path) is None, path


def test_a_tree_of_70000_has_the_tiles_of_the_specification():
    tiles = tiles_of(70_000)
    hashes = [tile for tile in tiles if tile.level != ENTRIES]
    assert len(hashes) == 273 + 1 + 1 + 1 + 1
    assert [tile for tile in hashes if tile.width != 256] == [
        Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1),
    ]  # fmt: skip
    assert tiles_of(256) == [Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)]
    assert set(tiles) - set(tiles_of(69_999)) == {Tile(0, 273, 112), Tile(ENTRIES, 273, 112)}


def test_any_proof_comes_from_tiles():
    size = 66_000
    levels = levels_of([leaf_hash(b"%d" % n) for n in range(size)])
    read = []

    def hashes(tile: Tile) -> list[bytes]:
        read.append(tile)
        return levels[tile.level * 8][tile.first : tile.first + tile.width]

    source = source_of_tiles(size, hashes)
    root = root_of(levels[0])
    for index in (0, 255, 256, 40_000, 65_535, 65_536, size - 1):
        proof = inclusion_proof(index, size, source)
        assert verify_inclusion(index, size, levels[0][index], proof, root)
    for old in (1, 255, 256, 257, 65_536, 65_999):
        proof = consistency_proof(old, size, source)
        assert verify_consistency(old, size, root_of(levels[0][:old]), root, proof)
    assert set(read) <= set(tiles_of(size))
    with pytest.raises(ValueError, match="node 66000 of level 0 is not in a tree of 66000 leaves"):
        source(0, size)
    for level, index in ((0, 258), (0, -1), (1, 2)):
        with pytest.raises(ValueError, match=f"has no tile {index} of level {level}"):
            tile_of(level, index, size)
    with pytest.raises(ValueError, match="a tree of 256 leaves has no tile 1 of level 0"):
        tile_of(0, 1, 256)


def test_contents_come_back_and_cut_ones_do_not():
    leaves = [encoding.leaf(n, bytes(32)) for n in range(3)]
    content = entries_content(leaves)
    assert content[:2] == (40).to_bytes(2)
    assert read_entries(content) == leaves
    assert read_hashes(bytes(64), 2) == [bytes(32)] * 2
    uneven = [b"", b"a", b"bc" * 300]
    assert read_entries(entries_content(uneven)) == uneven
    assert read_entries(entries_content([b"a", b""])) == [b"a", b""]
    for cut, says in ((content[:-1], "^an entry is cut"), (content[:43], "^a length is cut")):
        with pytest.raises(ValueError, match=says):
            read_entries(cut)
    with pytest.raises(ValueError, match="a tile of 2 hashes has not 65 bytes"):
        read_hashes(bytes(65), 2)


def test_the_bytes_that_are_hashed_are_those_of_the_document():
    envelope = encoding.envelope("task_1", 3, "TaskCreated.v1", 9, None, b"\x80")
    assert envelope == (
        b"\0\0\0\x06task_1" + (3).to_bytes(8) + b"\0\0\0\x0eTaskCreated.v1"
        + (9).to_bytes(8) + (0).to_bytes(8) + b"\0\0\0\x01\x80"
    )  # fmt: skip
    payload = hashlib.sha256(b"\x80").digest()
    body = encoding.body_hash("ws_1", envelope, payload)
    whole = b"taskledger event v1\n\0\0\0\x04ws_1" + envelope + payload
    assert body == hashlib.sha256(whole).digest()
    link = encoding.link(1, encoding.NO_LINK, body)
    chained = b"taskledger chain v1\n" + (1).to_bytes(8) + bytes(32) + body
    assert link == hashlib.sha256(chained).digest()
    assert encoding.leaf(258, link) == b"\0\0\0\0\0\0\x01\x02" + link


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 99), min_size=1, max_size=9))
@settings(max_examples=40)
def test_a_workspace_has_its_place_among_all_chains(counts: dict[str, int]):
    chains = [Chain(workspace, count, bytes([count]) * 32) for workspace, count in counts.items()]
    root = chains_root(chains)
    assert root == chains_root(chains[::-1])
    ordered = sorted(counts, key=str.encode)
    for chain in chains:
        place = chain_place(chains, chain.workspace)
        assert place.root() == root
        assert ordered[place.index] == chain.workspace
        assert place.workspaces == len(chains)
    with pytest.raises(KeyError, match="nobody's"):
        chain_place(chains, "nobody's")
