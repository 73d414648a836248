"""What is wrong with an entry or the summary is told with its place: offset, count and position."""

from dataclasses import replace
from io import BytesIO

import msgspec
import pytest

from domain.record import times
from domain.record.bundle import MAGIC, Kind, sections_of
from domain.record.chains import Chain, ChainPlace, chain_place
from domain.record.checkpoint import parse_checkpoint
from domain.record.disclosure import NotReadable
from domain.record.entry import Entry, Form, read_entries
from domain.record.manifest import Filter
from domain.record.note import Note, parse_note
from domain.record.note_keys import Signed
from domain.record.summary import MOST_PROOF, Summary, encode_summary, read_summary
from domain.record.trust import TrustedKey
from domain.record.verify import Verified, verify_bundle
from domain.record.window import NotValid, Window
from tests.record.made import (
    MINE,
    SECOND,
    START,
    Event,
    MadeLog,
    Parts,
    disclosed,
    edge,
    parts_of,
    signer,
    small_log,
    withheld,
    witness,
)

TRUSTED = [TrustedKey(signer().key)]


def after(seconds: int) -> str:
    return times.written(START + seconds * SECOND)


def mine(log: MadeLog) -> list[Event]:
    return [each for each in log.events if each.workspace == MINE]


def section(bundle: bytes, kind: Kind) -> tuple[int, int]:
    return sections_of(BytesIO(bundle), len(bundle))[kind]


def entries(parts: Parts) -> list[Entry]:
    bundle = parts.bundle()
    return list(read_entries(Window(BytesIO(bundle), *section(bundle, Kind.ENTRIES))))


def verified(parts: Parts) -> Verified:
    bundle = parts.bundle()
    return verify_bundle(BytesIO(bundle), len(bundle), TRUSTED)


def told(parts: Parts) -> tuple[str, int, int | None, int | None]:
    with pytest.raises(NotValid) as found:
        verified(parts)
    wrong = found.value
    assert str(wrong) == wrong.what
    return wrong.what, wrong.offset, wrong.count, wrong.position


def test_entries_are_read_as_they_are_written():
    log = small_log()
    parts = parts_of(log)
    first, second, third, *_ = mine(log)
    parts.entries = [disclosed(first), withheld(second), edge(third)]
    begin, _ = section(parts.bundle(), Kind.ENTRIES)
    at = [begin, begin + len(parts.entries[0]), begin + len(b"".join(parts.entries[:2]))]
    shown, hidden, beside = entries(parts)
    assert shown[:6] == (
        Form.DISCLOSED, at[0], first.position, first.link, first.envelope, first.payload,
    )  # fmt: skip
    assert dict(shown.fields) == first.keys
    body, hashed = parts.entries[1][-32:], parts.entries[2][-32:]
    assert hidden == (Form.WITHHELD, at[1], second.position, second.link, None, b"", body, ())
    assert beside == (
        Form.EDGE, at[2], third.position, third.link, third.envelope, b"", hashed, (),
    )  # fmt: skip


def test_what_was_shown_is_told_of_the_bundle_alone():
    log = small_log()
    bundle = parts_of(log).bundle()
    shown = verify_bundle(BytesIO(bundle + b"behind"), len(bundle), TRUSTED)
    assert (shown.head_count, shown.head_link) == (5, mine(log)[-1].link)
    assert shown.cosigned == ()


def test_the_tree_and_the_witnesses_asked_for_are_told():
    asked, other = witness(5, "witness.example/5"), witness(6, "witness.example/6")
    parts = parts_of(small_log(), signers=(signer(), other, asked))
    bundle = parts.bundle()
    shown = verify_bundle(BytesIO(bundle), len(bundle), TRUSTED, [asked.key])
    assert shown.cosigned == (Signed(asked.key, 1_800_000_000),)
    assert shown.root == parse_checkpoint(parse_note(parts.note).text).root


def test_a_section_that_cannot_be_so_long_is_told_where_its_length_stands():
    for length, what in (
        (64 * 1024, "the manifest cannot be read: JSON is malformed"),
        (64 * 1024 + 1, "the section manifest cannot be of 65537 bytes"),
    ):
        begun = MAGIC + b"\x01" + length.to_bytes(8)
        others = b"".join(bytes([kind]) + bytes(8) for kind in Kind if kind > 1)
        bundle = begun + b"?" * length + others + bytes(32)
        with pytest.raises(NotValid) as found:
            verify_bundle(BytesIO(bundle), len(bundle), TRUSTED)
        assert found.value.what.startswith(what)
        assert found.value.offset == len(begun) - (0 if length == 64 * 1024 else 8)


def test_a_checkpoint_says_when_it_was_signed_and_nothing_more():
    parts = parts_of(small_log())
    stated, own = parse_checkpoint(parse_note(parts.note).text), signer()
    for change in ({"at": None}, {"extensions": ("more",)}, {"at": None, "extensions": ("more",)}):
        text = replace(stated, **change).text()
        parts.note = Note(text, (own.key.sign(text, own.sign),)).encode()
        begin, _ = section(parts.bundle(), Kind.CHECKPOINT)
        what = "the checkpoint: it does not say when it was signed, or says more"
        assert told(parts) == (what, begin, None, None)


def test_nothing_stands_before_the_first_event():
    parts = parts_of(small_log())
    begin, _ = section(parts.bundle(), Kind.ENTRIES)
    parts.manifest = msgspec.structs.replace(parts.manifest, previous_link="11" * 32)
    assert told(parts) == ("there is no link before the first event", begin, 1, None)


def test_an_entry_that_is_wrong_is_told_with_its_place():
    log = small_log()
    third, fourth = mine(log)[2:4]
    misplaced = "the entry cannot stand at its position"
    for forged, what in (
        (replace(fourth, position=third.position), misplaced),
        (replace(fourth, position=third.position - 1), misplaced),
        (replace(fourth, position=12), misplaced),
        (replace(fourth, link=bytes(32)), "the entry is not what its link was made of"),
        (replace(fourth, keys={**fourth.keys, "title": bytes(32)}),
         "the entry: the key is not the one that this field commits to"),
        (replace(fourth, keys={"nothing": bytes(32)}),
         "the entry: the field 'nothing' is not sealed"),
    ):  # fmt: skip
        parts = parts_of(small_log())
        parts.entries = [*parts.entries[:3], disclosed(forged), *parts.entries[4:]]
        assert told(parts) == (what, entries(parts)[3].offset, 4, forged.position)


def test_an_event_is_never_older_than_the_one_before():
    log = small_log()
    log.create(MINE, 50, "At once", at=START + 9 * SECOND)
    assert verified(parts_of(log)).events == 6
    log = small_log()
    older = log.create(MINE, 50, "Older", at=START + 9 * SECOND - 1)
    parts = parts_of(log)
    what = "the entry is older than the one before"
    assert told(parts) == (what, entries(parts)[5].offset, 6, older.position)


def test_the_last_link_is_the_one_that_was_summed_up():
    log = small_log()
    last = mine(log)[-1]
    log.chains[MINE] = Chain(MINE, last.count, bytes(32))
    parts = parts_of(log)
    _, end = section(parts.bundle(), Kind.ENTRIES)
    assert told(parts) == ("the summary has another last link", end, 5, last.position)


# The workspace's events stand at the seconds 2, 4, 6, 8 and 9. Counts: the first entry, edges,
# what is called complete.
@pytest.mark.parametrize(
    ("wanted", "first", "last", "edges", "complete"),
    [
        (Filter(from_=after(4)), 2, 5, {2}, (3, 5)),
        (Filter(from_=after(5)), 1, 5, {1, 2}, (2, 5)),
        (Filter(to=after(8)), 1, 4, {4}, (1, 3)),
        (Filter(to=after(7)), 1, 5, {4, 5}, (1, 4)),
    ],
    ids=["in the period", "not the first", "still in the period", "not the last"],
)
def test_an_edge_stands_beside_the_period_alone(
    wanted: Filter, first: int, last: int, edges: set[int], complete: tuple[int, int]
):
    log = small_log()
    events = mine(log)
    parts = parts_of(log, MINE, wanted)
    parts.entries = [
        edge(each) if each.count in edges else disclosed(each) for each in events[first - 1 : last]
    ]
    parts.manifest = msgspec.structs.replace(
        parts.manifest,
        first_count=first,
        entries=len(parts.entries),
        disclosed=len(parts.entries) - len(edges),
        previous_link=(bytes(32) if first == 1 else events[first - 2].link).hex(),
        complete_from=complete[0],
        complete_to=complete[1],
    )
    what, _, count, _ = told(parts)
    assert (what, count) == ("the entry: it is no edge of the period", max(edges & {2, 4}))


def summary_of(log: MadeLog, **change: object) -> Summary:
    """What the log's next summary says, but for the change."""
    event, chains = log.sum_up()
    payload = msgspec.msgpack.encode(msgspec.msgpack.decode(event.payload) | change)
    found = chain_place(chains, MINE)
    return Summary(event.position, event.count, bytes(32), event.envelope, payload, found)


def test_a_summary_says_up_to_where_the_chains_stood():
    assert summary_of(small_log()).upto() == 11
    assert summary_of(small_log(), upto=1).upto() == 1
    for upto in (0, 12, -1, "11", True, None):
        with pytest.raises(NotReadable, match="does not say up to where"):
            summary_of(small_log(), upto=upto).upto()


def test_a_summary_that_is_wrong_is_told_with_its_place():
    parts = parts_of(small_log())
    begin, _ = section(parts.bundle(), Kind.SUMMARY)
    parts.place = replace(parts.place, chain=Chain(MINE, 5, bytes(32)))
    what = "the summary: the workspace's place does not lead to its root"
    assert told(parts) == (what, begin, None, 12)


def test_events_of_a_summary_are_counted_from_1():
    event, _ = small_log().sum_up()

    def read(position: int, count: int, chained: int) -> Summary:
        found = ChainPlace(Chain(MINE, chained, bytes(32)), 0, 1, ())
        content = event.envelope.content
        written = encode_summary(position, count, bytes(32), content, b"", found)
        return read_summary(Window(BytesIO(written), 0, len(written)), MINE)

    first = read(1, 1, 1)
    assert (first.position, first.count, first.place.chain.count) == (1, 1, 1)
    for numbers in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(NotValid, match="events are counted from 1") as found:
            read(*numbers)
        assert found.value.offset > 0, "behind the summary"


def test_a_place_has_no_longer_proof_than_a_tree_can_need():
    event, _ = small_log().sum_up()
    chain = Chain(MINE, 5, bytes(32))

    def section_with(hashes: int) -> bytes:
        found = ChainPlace(chain, 0, 3, (bytes(32),) * hashes)
        content = event.envelope.content
        return encode_summary(event.position, event.count, event.link, content, b"", found)

    longest = section_with(MOST_PROOF)
    read = read_summary(Window(BytesIO(longest), 0, len(longest)), MINE)
    assert read.place == ChainPlace(chain, 0, 3, (bytes(32),) * MOST_PROOF)
    longer = section_with(MOST_PROOF + 1)
    with pytest.raises(NotValid, match="a proof of 65 hashes") as found:
        read_summary(Window(BytesIO(longer), 0, len(longer)), MINE)
    assert found.value.offset == len(longer) - 65 * 32 - 2
