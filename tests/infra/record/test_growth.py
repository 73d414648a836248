"""The tiles that a growing tree leaves behind are those of the specification."""

from domain.record.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, entries_content
from domain.record.tree import leaf_hash, levels_of, root_of
from infra.record.growth import Growth
from tests.domain.record.test_tiles import tiles_of

SIZES = (1, 256, 300, 65_535, 65_536, 65_800)


async def test_a_tree_is_published_as_it_grows_and_goes_on_from_its_edge() -> None:
    leaves = [b"%d" % n for n in range(SIZES[-1])]
    levels = levels_of([leaf_hash(each) for each in leaves])

    def content(tile: Tile) -> bytes:
        end = tile.first + tile.width
        if tile.level == ENTRIES:
            return entries_content(leaves[tile.first : end])
        return b"".join(levels[tile.level * TILE_HEIGHT][tile.first : end])

    async def read(tile: Tile) -> bytes:
        return content(tile)

    growth, had = Growth(), set[Tile]()
    for size in SIZES:
        full = growth.append(leaves[growth.size : size])
        edge = list(growth.edge())
        new = [tile for tile, _ in full]
        assert len(new) == len(set(new))
        assert all(tile.width == TILE_WIDTH for tile in new)
        assert {*new, *(tile for tile, _ in edge)} == set(tiles_of(size)) - had
        assert all(made == content(tile) for tile, made in (*full, *edge))
        had.update(new)
        growth = await Growth.load(size, read)
        assert list(growth.edge()) == edge
    assert growth.root() == root_of(levels[0])
