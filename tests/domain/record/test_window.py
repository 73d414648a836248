"""Parts of a file read in order: what stands there, and what cannot stand there, by its place."""

from io import BytesIO

import pytest

from domain.record.encoding import MOST
from domain.record.entry import MOST_CONTENT, MOST_FIELDS, disclosed_entry, read_entries
from domain.record.window import MOST_NAME, NotValid, Window

BEFORE = b"before"
START = len(BEFORE)


def window(content: bytes, ahead: int = 4, *, told: int | None = None) -> Window:
    """Of the content, which stands between other bytes."""
    end = START + (len(content) if told is None else told)
    return Window(BytesIO(BEFORE + content + b"behind"), START, end, ahead)


def refused(content: bytes, read, **options) -> NotValid:
    with pytest.raises(NotValid) as found:
        read(window(content, **options))
    return found.value


@pytest.mark.parametrize("ahead", [1, 3, 8, 1000])
def test_bytes_come_in_their_order_whatever_is_read_ahead(ahead: int):
    content = bytes(range(60))
    reading, seen = window(content, ahead), b""
    for size in (1, 0, 5, 2, 9, 16, 3, 24):
        seen += reading.take(size)
        assert seen == content[: len(seen)]
        assert (reading.offset, reading.left) == (START + len(seen), 60 - len(seen))
    reading.finished()


def test_nothing_is_read_beyond_the_end():
    assert refused(bytes(7), Window.u64).what == "cut: 8 bytes should stand here"
    reading = window(bytes(9))
    reading.take(3)
    with pytest.raises(NotValid) as found:
        reading.take(7)
    assert found.value.offset == START + 3
    with pytest.raises(NotValid) as found:
        reading.finished()
    assert (found.value.what, found.value.offset) == ("6 bytes too many", START + 3)
    for ahead in (4, 1000):
        reading = window(bytes(6), ahead)
        assert reading.take(3) + reading.take(3) == bytes(6)
        with pytest.raises(NotValid, match="cut: 1 bytes"):
            reading.take(1)


def test_a_file_that_became_shorter_is_said_to_be():
    short = Window(BytesIO(bytes(5)), 0, 9)
    with pytest.raises(NotValid) as found:
        short.take(6)
    assert (found.value.what, found.value.offset) == (
        "the file became shorter while it was read", 0,
    )  # fmt: skip


def test_numbers_have_bounds():
    assert window(MOST.to_bytes(8)).u64() == MOST
    assert window(b"\1\2").u16() == 258
    found = refused(b"x" + (MOST + 1).to_bytes(8), lambda each: (each.take(1), each.u64()))
    assert (found.what, found.offset) == (f"the number {MOST + 1} is too large", START + 1)


def test_lengths_have_bounds():
    content = (3).to_bytes(4) + b"abc"
    assert window(content).sized(3, 3) == b"abc"
    for most, least in ((2, 0), (9, 4)):
        found = refused(b"x" + content, lambda each: (each.take(1), each.sized(most, least)))  # noqa: B023
        assert (found.what, found.offset) == (
            f"a length of 3, where {least} to {most} may be", START + 1,
        )  # fmt: skip
    assert window(bytes(4)).sized(9) == b""


def test_a_name_is_a_text_of_some_bytes():
    for length in (1, MOST_NAME):
        assert window(length.to_bytes(4) + b"n" * length).name() == "n" * length
    for length in (0, MOST_NAME + 1):
        refused(length.to_bytes(4) + b"n" * length, Window.name)
    found = refused(b"\0\0\0\2n\xff", Window.name)
    assert (found.what, found.offset) == ("a name that is not UTF-8", START + 4)


def test_hashes_are_all_that_is_left():
    reading = window(b"x" + bytes(32) + b"\1" * 32)
    reading.take(1)
    assert list(reading.hashes()) == [bytes(32), b"\1" * 32]
    assert refused(bytes(33), lambda each: list(each.hashes())).offset == START + 32


ENVELOPE = (
    b"\0\0\0\6task_1" + (3).to_bytes(8) + b"\0\0\0\1T" + (9).to_bytes(8) + bytes(8) + bytes(4)
)  # fmt: skip


def entry(*names: str, payload: bytes = b"p", count: int | None = None) -> bytes:
    """With the keys of these fields in this order."""
    plain = disclosed_entry(5, bytes(32), ENVELOPE, payload, ())[:-2]
    number = len(names) if count is None else count
    keys = b"".join(len(name).to_bytes(4) + name.encode() + bytes(32) for name in names)
    return plain + number.to_bytes(2) + keys


def read(content: bytes):
    return list(read_entries(window(content)))


def test_fields_stand_in_order_each_once():
    many = [f"{n:03}" for n in range(MOST_FIELDS)]
    for names in ((), ("A",), ("a", "b"), many):
        (found,) = read(entry(*names))
        assert [name for name, _ in found.fields] == list(names)
    for names in (("b", "a"), ("a", "a"), ("a", "c", "b")):
        content = entry(*names)
        found = refused(content, lambda each: list(read_entries(each)))
        assert found.what == f"the field {names[-1]!r} is out of order"
        assert found.offset == START + len(content) - len(names[-1]) - 36
    content = entry(count=MOST_FIELDS + 1)
    found = refused(content, lambda each: list(read_entries(each)))
    assert found.what == f"{MOST_FIELDS + 1} fields, more than {MOST_FIELDS}"
    assert found.offset == START + len(content) - 2


def test_an_entry_has_a_form_and_a_position():
    whole = entry()
    assert [each.offset for each in read(whole + whole)] == [START, START + len(whole)]
    unknown = refused(whole + b"\7" + whole[1:], lambda each: list(read_entries(each)))
    assert (unknown.what, unknown.offset) == (
        "an entry of the unknown form 7", START + len(whole),
    )  # fmt: skip
    for position in (0, MOST + 1):
        moved = whole[:1] + position.to_bytes(8) + whole[9:]
        found = refused(moved, lambda each: list(read_entries(each)))
        assert (found.what, found.offset) == (f"there is no position {position}", START + 1)
    (last,) = read(whole[:1] + MOST.to_bytes(8) + whole[9:])
    assert last.position == MOST


def test_an_envelope_has_numbers_that_fit():
    whole = entry()
    for at in (64, 72):
        assert whole[at : at + 8] in ((9).to_bytes(8), bytes(8))
        fits = whole[:at] + MOST.to_bytes(8) + whole[at + 8 :]
        assert len(read(fits)) == 1
        too_large = whole[:at] + (MOST + 1).to_bytes(8) + whole[at + 8 :]
        found = refused(too_large, lambda each: list(read_entries(each)))
        assert (found.what, found.offset) == ("a number is too large", START + 64)
    (largest,) = read(entry(payload=bytes(MOST_CONTENT)))
    assert len(largest.payload) == MOST_CONTENT
    refused(entry(payload=bytes(MOST_CONTENT + 1)), lambda each: list(read_entries(each)))
