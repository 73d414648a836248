"""What docs/record.md leaves nobody a choice about: any other verifier gives these verdicts too."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from msgspec.msgpack import Ext

from domain.record.bundle import MAGIC
from domain.record.checkpoint import parse_checkpoint
from domain.record.manifest import Filter
from domain.record.note import Note, parse_note
from domain.record.note_keys import KeyKind, VerifierKey
from domain.record.trust import TrustedKey
from tests.domain.record.test_verify import TRUSTED, after, digested, sections, verified, wrong
from tests.record.made import (
    LOG_ID,
    MINE,
    ORIGIN,
    SECOND,
    START,
    MadeLog,
    Parts,
    Signer,
    parts_of,
    proof_of,
    signer,
    small_log,
    witness,
)


def with_manifest(parts: Parts, **change: object) -> bytes:
    parts.manifest = msgspec.structs.replace(parts.manifest, **change)
    return parts.bundle()


# The workspace's events stand at the seconds 2, 4, 6, 8 and 9.
@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Filter(to=after(1)), {"filter": Filter(from_=after(3)), "complete_from": 2}),
        (Filter(from_=after(99)), {"filter": Filter(to=after(8.5)), "complete_to": 4}),
    ],
    ids=["an event from before it", "an event from after it"],
)
def test_one_event_beside_a_period_does_not_make_it_empty(shown: Filter, told: dict[str, object]):
    parts = parts_of(small_log(), MINE, shown)
    assert len(parts.entries) == 1
    found = wrong(with_manifest(parts, **told))
    assert found.what == "what is complete ends before it begins"


def test_a_bundle_is_complete_as_of_its_summary():
    """An old one under a new checkpoint shows what it showed before, and says so."""
    log = small_log()
    early = parts_of(log)
    mine = [each.position for each in log.events if each.workspace == MINE]
    log.create(MINE, 40, "Later")
    early.note = parts_of(log).note
    early.proof = proof_of(log, [*mine, early.summed.position])
    found = verified(early.bundle())
    assert (found.complete_to, found.tree_size) == (5, 14)
    assert (found.upto, found.summed_at) == (11, START + 11 * SECOND)


def test_times_are_those_of_the_calendar():
    first, last = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
    bundle = parts_of(small_log(), MINE, Filter(from_=first, to=last)).bundle()
    assert verified(bundle).events == 5
    for moment in (first.replace("0001", "0000"), "2026-02-29T00:00:00.000000Z", last[:-1]):
        found = wrong(with_manifest(parts_of(small_log()), filter=Filter(from_=moment)))
        assert found.what.startswith("the filter: ")


def test_ids_have_from_1_to_1024_bytes():
    for wanted in (Filter(stream=""), Filter(actor="ü" * 513)):
        assert "an id of " in wrong(parts_of(small_log(), MINE, wanted).bundle()).what
    assert verified(parts_of(small_log(), MINE, Filter(actor="ü" * 512)).bundle()).events == 0
    nameless = signer(origin="tasks.example/")
    bundle = with_manifest(parts_of(small_log(), signers=[nameless]), log_id="")
    assert wrong(bundle, [TrustedKey(nameless.key)]).what == "an id of 0 bytes"


def test_the_link_before_is_64_small_digits_in_hex():
    parts = parts_of(small_log(), MINE, Filter(from_=after(7)))
    bundle, link = parts.bundle(), parts.manifest.previous_link
    assert verified(bundle).events == 2
    for other in (f'"{link.upper()}"', f'"{link} "', f'["{link}"]', f'"{link[:-2]}"'):
        six = sections(bundle)
        manifest = six[0][9:].replace(f'"{link}"'.encode(), other.encode())
        six[0] = b"\x01" + len(manifest).to_bytes(8) + manifest
        found = wrong(digested(MAGIC + b"".join(six) + bytes(32)))
        assert found.what.startswith(
            ("the previous link is no hash", "the manifest cannot be read")
        )


def test_the_keys_of_a_bundle_are_some_and_each_can_be_one():
    origin = signer()
    of_no_length = b"\x06" + bytes(5)
    key_id = sha256(ORIGIN.encode() + b"\n" + of_no_length).hexdigest()[:8]
    for key in (f"{ORIGIN}+{key_id}+BgAAAAAA", "", f"{ORIGIN}+00000000+BgAAAAAA"):
        parts = parts_of(small_log())
        parts.keys = [origin.key.encode(), key]
        assert "the keys cannot be read" in wrong(parts.bundle()).what
    parts.keys = []
    assert "the keys cannot be read" in wrong(parts.bundle()).what
    parts.keys = [signer(2).key.encode()]
    assert verified(parts.bundle()).events == 5  # of whom, is for who trusts somebody


def test_a_key_that_is_given_twice_counts_where_either_says_so():
    whole = parts_of(small_log()).bundle()
    ended, valid = TrustedKey(signer().key, None, START), TrustedKey(signer().key)
    assert verified(whole, [ended, valid]) == verified(whole, [valid, ended]) == verified(whole)


def test_a_false_signature_condemns_also_where_its_key_is_no_longer_valid():
    parts = parts_of(small_log(), signers=[signer(), signer(2)])
    second = parse_note(parts.note).signatures[1]
    former = TrustedKey(signer(2).key, None, START)
    assert verified(parts.bundle(), [*TRUSTED, former]).events == 5
    false = replace(second, signed=bytes(64))
    parts.note = parts.note.replace(second.encode(), false.encode())
    assert verified(parts.bundle()).events == 5  # whose it should be is not known
    assert "did not sign this" in wrong(parts.bundle(), [*TRUSTED, former]).what


def test_a_checkpoint_has_64_signatures_at_most():
    parts = parts_of(small_log(), signers=[signer(), *(witness(n, "w") for n in range(1, 64))])
    assert verified(parts.bundle()).events == 5
    parts.note += parse_note(parts.note).signatures[0].encode()
    assert "more than 64 signatures" in wrong(parts.bundle()).what


def test_names_of_keys_may_have_what_is_no_space():
    odd = signer(origin=f"tasks.example\ufeff\u200b/{LOG_ID}")
    bundle = parts_of(small_log(), signers=[odd]).bundle()
    assert verified(bundle, [TrustedKey(odd.key)]).events == 5


def test_a_tree_of_nothing_holds_nothing():
    parts = parts_of(small_log())
    stated, own = parse_checkpoint(parse_note(parts.note).text), signer()
    text = replace(stated, size=0).text()
    parts.note = Note(text, (own.key.sign(text, own.sign),)).encode()
    assert "outside of a tree of 0" in wrong(parts.bundle()).what


def test_a_time_beyond_all_calendars_is_one():
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    public = private.public_key().public_bytes_raw()
    key = VerifierKey(ORIGIN, KeyKind.ML_DSA_44_COSIGNATURE, public)
    bundle = parts_of(small_log(), signers=[Signer(key, private.sign, 2**63 - 1)]).bundle()
    assert verified(bundle, [TrustedKey(key)]).at == (2**63 - 1) * SECOND


def odd_event(metadata: bytes) -> Parts:
    """Of a log whose only event has this metadata."""
    log = MadeLog()
    log.append_stored(MINE, "task_9", 1, "Odd.v1", log.now, b"\x80", metadata)
    return parts_of(log, MINE)


def test_a_map_names_nothing_twice():
    wanted = Filter(actor="user_1")
    user = b"\xa5actor\xa6user_1"
    other = user.replace(b"1", b"2")
    twice, none = "the entry: a map that names something twice", "the entry: not a MessagePack map"
    for metadata, why in (
        (b"\x81" + user, None),
        (b"\xde\x00\x01" + user, None),
        (b"\xdf\x00\x00\x00\x01" + user, None),
        (b"\x82" + other + user, twice),
        (b"\xde\x00\x02" + other + user, twice),
        (b"\xdf\x00\x00\x00\x02" + user + user, twice),
        (b"\x82" + user + b"\x01\x02", none),
        (b"\x81" + user + b"\x00", none),
    ):
        bundle = with_manifest(odd_event(metadata), filter=wanted)
        if why is None:
            assert verified(bundle).events == 1
        else:
            assert wrong(bundle).what == why


def test_what_nobody_knows_stands_in_nobodys_way():
    metadata = msgspec.msgpack.encode({"actor": "user_1", "odd": Ext(99, b"?"), "half": 0.5})
    bundle = with_manifest(odd_event(metadata), filter=Filter(actor="user_1"))
    assert verified(bundle).events == 1


@pytest.mark.parametrize(
    "misstated", [{"workspaces": True}, {"workspaces": 1.0}, {"upto": 1.0}], ids=str
)
def test_a_summary_says_numbers_as_integers(misstated: Mapping[str, Any]):
    log = MadeLog(misstated=misstated)
    log.create(MINE, 1, "Alone")
    assert wrong(parts_of(log).bundle()).what.startswith("the summary: it ")
    log.misstated = {}
    assert verified(parts_of(log).bundle()).events == 1


def test_of_an_event_256_fields_are_opened_at_most():
    def with_fields(fields: int) -> bytes:
        log = MadeLog()
        names = {f"f{n:03}": "" for n in range(fields)}
        log.append(MINE, "task_9", "Odd.v1", names, sealed=names)
        return parts_of(log).bundle()

    assert verified(with_fields(256)).events == 1
    assert wrong(with_fields(257)).what == "257 fields, more than 256"
