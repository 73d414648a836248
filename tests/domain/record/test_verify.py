"""Bundles are verified, and whatever else is done to them is found, where it was done."""

import gzip
import random
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from domain.record import times
from domain.record.bundle import MAGIC, BundleWriter, Kind, sections_of
from domain.record.chains import Chain, chain_place, chains_root
from domain.record.entry import disclosed_entry
from domain.record.manifest import Filter
from domain.record.note import NoteBroken
from domain.record.note_keys import KeyKind, VerifierKey
from domain.record.trust import MOST_BYTES, TrustedKey, parse_keys
from domain.record.verify import Verified, verify_bundle
from domain.record.window import NotValid
from tests.record.made import (
    LOG_ID,
    MINE,
    ORIGIN,
    SECOND,
    START,
    SYSTEM,
    THEIRS,
    MadeLog,
    Signer,
    disclosed,
    edge,
    parts_of,
    signer,
    small_log,
    withheld,
)

TRUSTED = [TrustedKey(signer().key)]


def after(seconds: float) -> str:
    return times.written(START + int(seconds * SECOND))


def verified(bundle: bytes, trusted: list[TrustedKey] | None = TRUSTED) -> Verified:
    return verify_bundle(BytesIO(bundle), len(bundle), trusted)


def wrong(bundle: bytes, trusted: list[TrustedKey] | None = TRUSTED) -> NotValid:
    with pytest.raises(NotValid) as found:
        verified(bundle, trusted)
    assert 0 <= found.value.offset <= len(bundle)
    return found.value


def digested(changed: bytes | bytearray) -> bytes:
    """With the digest that the changed bytes have."""
    return bytes(changed[:-32]) + sha256(changed[:-32]).digest()


@pytest.fixture(scope="module")
def whole() -> bytes:
    return parts_of(small_log()).bundle()


@pytest.fixture(scope="module")
def filtered() -> bytes:
    """With edges at both ends, and a withheld entry."""
    wanted = Filter(from_=after(4), to=after(8), actor="user_01jbob")
    return parts_of(small_log(), MINE, wanted).bundle()


# The workspace's events stand at the seconds 2, 4, 6, 8 and 9; what is found of them: disclosed,
# withheld, complete from, complete to.
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), (5, 0, 1, 5)),
        (Filter(from_=after(4)), (4, 0, 2, 5)),
        (Filter(from_=after(4.000001)), (3, 0, 3, 5)),
        (Filter(to=after(8)), (4, 0, 1, 4)),
        (Filter(to=after(7.999999)), (3, 0, 1, 3)),
        (Filter(from_=after(4), to=after(8)), (3, 0, 2, 4)),
        (Filter(from_=after(5), to=after(5)), (0, 0, 3, 2)),
        (Filter(to=after(1)), (0, 0, 1, 0)),
        (Filter(from_=after(99)), (0, 0, 6, 5)),
        (Filter(actor="user_01jbob"), (1, 4, 1, 5)),
        (Filter(stream="task_nobody"), (0, 5, 1, 5)),
        (Filter(actor="user_01jann", to=after(8)), (3, 1, 1, 4)),
    ],
)
def test_a_bundle_tells_what_it_shows(wanted: Filter, found: tuple[int, int, int, int]):
    parts = parts_of(small_log(), MINE, wanted)
    report = verified(parts.bundle())
    assert (report.events, report.withheld, report.complete_from, report.complete_to) == found
    assert (report.workspace_id, report.log_id, report.filter) == (MINE, LOG_ID, wanted)
    assert (report.head_count, report.upto, report.tree_size) == (5, 11, 12)
    assert report.signed_by == (f"{ORIGIN}+{signer().key.key_id.hex()}",)
    assert report.at == START + 12 * SECOND


def test_the_same_log_gives_the_same_bytes(whole: bytes):
    assert parts_of(small_log()).bundle() == whole
    assert verified(whole).fields == 5


def test_the_workspace_system_has_bundles_too():
    log = small_log()
    assert verified(parts_of(log, SYSTEM).bundle()).events == 2
    assert verified(parts_of(log, SYSTEM).bundle()).events == 3


def test_no_byte_can_be_flipped(whole: bytes, filtered: bytes):
    """`make proof` flips every bit."""
    for bundle, step in ((whole, 1), (filtered, 4)):
        for at in range(0, len(bundle), step):
            flipped = bytearray(bundle)
            flipped[at] ^= 1 << at % 8
            wrong(bytes(flipped))


def test_no_byte_can_be_changed_even_with_a_new_digest(whole: bytes):
    randomly = random.Random(6)
    for at in range(0, len(whole) - 32, 2):
        changed = bytearray(whole)
        changed[at] ^= randomly.randrange(1, 256)
        wrong(digested(changed))


def test_nothing_can_be_cut_or_added(whole: bytes):
    for length in range(len(whole)):
        wrong(whole[:length])
        if length > 32:
            wrong(digested(whole[:length]))
    for more in (b"\0", whole, bytes(32)):
        found = wrong(whole + more)
        assert (found.what, found.offset) == ("something stands behind the digest", len(whole))


def sections(bundle: bytes) -> list[bytes]:
    found = sections_of(BytesIO(bundle), len(bundle)).values()
    return [bundle[begin - 9 : end] for begin, end in found]


def test_sections_stand_each_once_in_their_order(whole: bytes):
    six = sections(whole)
    assert digested(MAGIC + b"".join(six) + bytes(32)) == whole
    for n in range(6):
        doubled = [*six[: n + 1], *six[n:]]
        missing = [*six[:n], *six[n + 1 :]]
        swapped = [*six[:n], *six[n + 1 : n + 2], six[n], *six[n + 2 :]] if n < 5 else six[::-1]
        unknown = [*six[:n], b"\x07" + bytes(8), *six[n:]]
        for wrongly in (doubled, missing, swapped, unknown, [*six, six[n]]):
            wrong(digested(MAGIC + b"".join(wrongly) + bytes(32)))
    with pytest.raises(ValueError, match="CHECKPOINT is not the section that comes next"):
        BundleWriter(BytesIO().write).section(Kind.CHECKPOINT, 0, ())
    with pytest.raises(ValueError, match="MANIFEST is not of the size that was told"):
        BundleWriter(BytesIO().write).section(Kind.MANIFEST, 2, (b"1",))
    with pytest.raises(ValueError, match=r"^sections are missing"):
        BundleWriter(BytesIO().write).finish()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"taskledger bundle 2\n", b"{" * 100_000, b"[" * 1_000_000, MAGIC, MAGIC * 99],
    ids=["empty", "nul", "other", "deep object", "deep list", "magic", "magics"],
)  # fmt: skip
def test_other_files_are_no_bundles(content: bytes):
    wrong(content)


def test_a_compressed_bundle_is_none(whole: bytes):
    assert wrong(gzip.compress(whole)).offset == 0
    assert wrong(gzip.compress(bytes(10_000_000))).offset == 0


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (b"", "cannot be read"),
        (b"[" * 60_000, "cannot be read"),
        (b'{"filter":' * 6_000, "cannot be read"),
        (b"null", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b" ", "cannot be read"),
    ],
)
def test_a_manifest_that_is_none(whole: bytes, manifest: bytes, says: str):
    six = sections(whole)
    six[0] = b"\x01" + len(manifest).to_bytes(8) + manifest
    found = wrong(digested(MAGIC + b"".join(six) + bytes(32)))
    assert says in found.what
    assert found.offset == len(MAGIC) + 9


def test_a_manifest_is_canonical(whole: bytes):
    six = sections(whole)
    plain = six[0][9:]
    for manifest in (
        plain.replace(b'"entries":5', b'"entries": 5'),
        plain.replace(b'"entries":5', b'"entries":5.0'),
        plain.replace(b'"entries":5', b'"entries":5,"entries":5'),
        plain.replace(b'"filter":{}', b'"filter":{"to":null}'),
        plain.replace(b'"filter":{}', b'"filter":{"by":"me"}'),
        plain.replace(b"ws_01jmine", b"ws_01jmin\\u0065"),
        plain.replace(b'"format":1', b'"format":2'),
        plain[:-1] + b',"zzz":1}',
        plain + b" ",
    ):
        assert manifest != plain
        six[0] = b"\x01" + len(manifest).to_bytes(8) + manifest
        wrong(digested(MAGIC + b"".join(six) + bytes(32)))


@pytest.mark.parametrize(
    "change",
    [
        {"workspace_id": THEIRS},
        {"log_id": "another"},
        {"log_id": ""},
        {"first_count": 0},
        {"first_count": 2},
        {"entries": 0},
        {"entries": 4},
        {"entries": 6},
        {"entries": 2**63},
        {"disclosed": 4},
        {"disclosed": 6},
        {"disclosed": -1},
        {"previous_link": "00" * 31},
        {"previous_link": "11" * 32},
        {"previous_link": "xx" * 32},
        {"complete_from": 2},
        {"complete_from": 0},
        {"complete_to": 4},
        {"complete_to": 6},
        {"complete_from": 6, "complete_to": 5},
        {"filter": Filter(from_=after(0))},
        {"filter": Filter(from_="yesterday")},
        {"filter": Filter(from_=after(4))},
        {"filter": Filter(to=after(5))},
        {"filter": Filter(from_=after(99), to=after(0))},
        {"filter": Filter(actor="user_01jbob")},
        {"filter": Filter(stream="task_1")},
    ],
)
def test_a_manifest_cannot_say_what_does_not_follow(change: dict[str, object]):
    parts = parts_of(small_log())
    parts.manifest = msgspec.structs.replace(parts.manifest, **change)
    if change == {"filter": Filter(from_=after(0))}:
        assert verified(parts.bundle()).events == 5  # which is true
    else:
        wrong(parts.bundle())


def test_an_altered_event_is_named():
    log = small_log()
    parts = parts_of(log)
    fourth = next(each for each in log.events if (each.workspace, each.count) == (MINE, 4))
    payload = fourth.payload.replace(b"priority\x02", b"priority\x01")
    content = fourth.envelope.content
    for forged in (
        disclosed_entry(fourth.position, fourth.link, content, payload, fourth.keys.items()),
        disclosed(replace(fourth, payload=payload)),
        disclosed(replace(fourth, envelope=fourth.envelope._replace(content=content[:-1] + b"x"))),
        disclosed(replace(fourth, link=bytes(32))),
        disclosed(replace(fourth, keys={**fourth.keys, "title": bytes(32)})),
        disclosed(replace(fourth, keys={**fourth.keys, "priority": bytes(32)})),
        disclosed(replace(fourth, keys={**fourth.keys, "metadata.ip": bytes(32)})),
        disclosed(replace(fourth, keys={"title": fourth.keys["metadata.reason"]})),
        disclosed(replace(fourth, position=log.events[0].position)),
        disclosed(replace(fourth, position=99)),
        withheld(fourth),
        edge(fourth),
    ):
        parts.entries = [forged if n == 3 else each for n, each in enumerate(parts.entries)]
        found = wrong(parts.bundle())
        assert found.count == 4
        before = b"".join(parts.entries[:3])
        assert parts.bundle()[found.offset :].startswith(forged), before


def test_an_event_cannot_be_put_elsewhere_left_out_or_doubled():
    log = small_log()
    parts = parts_of(log)
    five = list(parts.entries)
    stated = parts.manifest
    for entries, count in (
        ([*five[:2], *five[3:]], 3),
        ([five[1], five[0], *five[2:]], 1),
        ([*five[:2], five[1], *five[2:]], 3),
    ):
        parts.entries = entries
        parts.manifest = msgspec.structs.replace(
            stated, entries=len(entries), disclosed=len(entries), complete_to=len(entries)
        )
        found = wrong(parts.bundle())
        assert found.count in (count, None)
    parts.entries = five[:4]
    parts.manifest = msgspec.structs.replace(stated, entries=4, disclosed=4, complete_to=4)
    assert "behind what is called complete" in wrong(parts.bundle()).what
    parts.manifest = stated
    parts.entries = five
    moved = next(each for each in log.events if (each.workspace, each.count) == (MINE, 5))
    parts.entries = [*five[:4], disclosed(replace(moved, position=moved.position + 1))]
    wrong(parts.bundle())


def test_another_tenants_events_are_not_of_this_workspace():
    mine, theirs = parts_of(small_log()), parts_of(small_log(), THEIRS)
    assert verified(theirs.bundle()).events == 4
    mine.entries = [*mine.entries[:1], *theirs.entries[1:2], *mine.entries[2:]]
    assert wrong(mine.bundle()).count == 2
    theirs.manifest = msgspec.structs.replace(theirs.manifest, workspace_id=MINE)
    wrong(theirs.bundle())


def test_all_events_up_to_the_summary_are_there():
    """An older summary proves less, and another event proves nothing."""
    log = small_log()
    earlier, earlier_chains = log.sum_up()
    log.create(MINE, 40, "Later")
    parts = parts_of(log)
    system = [each for each in log.events if each.workspace == SYSTEM]
    parts.summed = earlier
    parts.summed_before = system[earlier.count - 2].link
    parts.place = chain_place(earlier_chains, MINE)
    assert "fewer events than there are entries" in wrong(parts.bundle()).what

    parts = parts_of(log)
    parts.place = replace(parts.place, chain=Chain(MINE, 7, bytes(32)))
    assert "does not lead to its root" in wrong(parts.bundle()).what
    for change in ({"index": 99}, {"workspaces": 4}, {"proof": ()}):
        parts.place = replace(chain_place(list(log.chains.values()), MINE), **change)
        wrong(parts.bundle())


def test_only_an_event_of_the_log_sums_up():
    """Forged to count less, it is in no tree that was signed."""
    log = small_log()
    parts = parts_of(log)
    chains = [Chain(MINE, 5, log.chains[MINE].link)]
    forger = MadeLog()
    forger.events = log.events[:11]
    forger.chains = {SYSTEM: Chain(SYSTEM, 2, parts.summed_before)}
    fields = {"upto": 11, "workspaces": 1, "root": chains_root(chains)}
    stream = parts.summed.envelope.stream
    parts.summed = forger.append(SYSTEM, stream, "ChainsSummed.v1", fields)
    parts.place = chain_place(chains, MINE)
    assert "root that was signed" in wrong(parts.bundle()).what
    parts.summed = forger.append(SYSTEM, stream, "TaskCreated.v1", fields)
    assert "sums up nothing" in wrong(parts.bundle()).what
    for change in ({"upto": 0}, {"upto": 99}, {"upto": True}, {"root": b""}, {"workspaces": 2}):
        parts.summed = forger.append(SYSTEM, stream, "ChainsSummed.v1", {**fields, **change})
        wrong(parts.bundle())


def test_a_bundle_is_of_those_who_signed_it(whole: bytes):
    stranger = signer(2)
    assert "none of the keys" in wrong(whole, [TrustedKey(stranger.key)]).what
    resigned = parts_of(small_log(), signers=[stranger]).bundle()
    assert "none of the keys" in wrong(resigned).what
    assert verified(resigned, None).signed_by == (f"{ORIGIN}+{stranger.key.key_id.hex()}",)
    assert verified(whole, None) == verified(whole)
    both = parts_of(small_log(), signers=[stranger, signer()]).bundle()
    assert verified(both).signed_by == verified(whole).signed_by
    assert len(verified(both, None).signed_by) == 2


def test_a_key_counts_while_it_is_valid(whole: bytes):
    at, key = START + 12 * SECOND, signer().key
    assert verified(whole, [TrustedKey(key, at, at + 1)])
    for bounds in ((at + 1, None), (None, at), (0, at)):
        assert "not valid when" in wrong(whole, [TrustedKey(key, *bounds)]).what
    document = (
        f'{{"format": 1, "keys": [{{"vkey": "{key.encode()}", "algorithm": "Ed25519",'
        f' "valid_from": "{after(0)}", "valid_until": null}}]}}'
    )
    assert list(parse_keys(document.encode())) == [TrustedKey(key, START, None)]
    ended = document.replace("null", f'"{after(9)}"')
    assert list(parse_keys(f"\n {ended}".encode())) == [TrustedKey(key, START, START + 9 * SECOND)]
    line = f"{key.encode()}\n".encode()
    assert len(parse_keys(line.rjust(MOST_BYTES))) == 1
    with pytest.raises(NoteBroken, match="too long"):
        parse_keys(line.rjust(MOST_BYTES + 1))
    assert list(parse_keys(f"{key.encode()}\n".encode())) == [TrustedKey(key)]
    for content in (b"", b"{}", b'{"keys": []}', b"\xff", b"{" * 9_999, b"[]", b"a+b+c"):
        with pytest.raises(NoteBroken):
            parse_keys(content)


def test_a_log_may_sign_with_ml_dsa_beside():
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    public = private.public_key().public_bytes_raw()
    key = VerifierKey(ORIGIN, KeyKind.ML_DSA_44_COSIGNATURE, public)
    second = Signer(key, private.sign, (START + 30 * SECOND) // SECOND)
    bundle = parts_of(small_log(), signers=[signer(), second]).bundle()
    assert verified(bundle).at == START + 12 * SECOND
    assert verified(bundle, [TrustedKey(key)]).at == START + 30 * SECOND


def test_a_witness_is_not_the_log():
    origin = signer()
    witness = replace(origin.key, kind=KeyKind.ED25519_COSIGNATURE)
    bundle = parts_of(small_log(), signers=[Signer(witness, origin.sign)]).bundle()
    wrong(bundle, [TrustedKey(witness)])
    wrong(bundle, None)
    elsewhere = signer(origin=f"elsewhere.example/{LOG_ID}")
    bundle = parts_of(small_log(), signers=[elsewhere]).bundle()
    assert verified(bundle, [TrustedKey(elsewhere.key)])
    wrong(bundle)
    wrong(parts_of(small_log(), signers=[signer(origin="tasks.example/another")]).bundle(), None)


@pytest.mark.parametrize(
    "stored",
    [b"\x91" * 100_000, b"", b"\xc1", b"\x81\x81\x00\x00", b"\x81\xa1a\xc7\x0c\xff" + b"\xff" * 12],
    ids=["deep", "empty", "reserved", "a map as a name", "no time"],
)
def test_content_that_cannot_be_read_is_refused_where_it_has_to_be(stored: bytes):
    log = MadeLog()
    odd = log.append_stored(MINE, "task_9", 1, "Odd.v1", log.now, stored, stored)
    parts = parts_of(log)
    assert verified(parts.bundle()).events == 1  # nothing of it is said to be anything
    parts.manifest = msgspec.structs.replace(parts.manifest, filter=Filter(actor="user_01jann"))
    assert "map" in wrong(parts.bundle()).what
    parts = parts_of(log)
    parts.entries = [disclosed(replace(odd, keys={"title": bytes(32)}))]
    assert "map" in wrong(parts.bundle()).what
