"""A file is there whole or not at all, and nothing that is no file is put away for it."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from infra.exports.whole_file import Digested, plain_file


def test_it_is_its_owners_and_stands_for_what_was_there(tmp_path: Path):
    file, link = tmp_path / "kept" / "file", tmp_path / "link"
    file.parent.mkdir()
    file.write_bytes(b"before")
    link.symlink_to(file)
    with plain_file(link) as raw:
        raw.write(b"after")
        assert file.read_bytes() == b"before"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"after", 0o600)
    assert link.is_symlink()
    with pytest.raises(ZeroDivisionError), plain_file(file) as raw:
        raw.write(b"half" * (1 // 0))
    assert file.read_bytes() == b"after"
    assert [each.name for each in file.parent.iterdir()] == ["file"]


def test_a_folder_or_a_device_is_refused_before_anything_is_done(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "null").symlink_to("/dev/null")
    for taken in (tmp_path, pipe, tmp_path / "null"):
        with pytest.raises(FileExistsError), plain_file(taken):
            pytest.fail("it was begun")
    assert pipe.is_fifo()
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("packed", [False, True])
def test_what_finds_no_room_has_no_digest(packed: bool):
    with suppress(OSError), Path("/dev/full").open("wb") as raw:  # closing it has no room either
        file = Digested(raw, packed=packed)
        file.content(b"a few bytes")
        with pytest.raises(OSError, match="No space left"):
            file.ended()
