"""What a time stamp shows: a real authority's answer holds for one checkpoint, and for no other."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.record import times
from domain.record.authority import (
    Stamped,
    load_certificates,
    response_time,
    verify_response,
    verify_stamp,
)
from domain.record.checkpoint import Checkpoint
from domain.record.note import Note, parse_note
from domain.record.note_keys import KeyKind, VerifierKey
from domain.record.timestamp import NotStamped, Stamp, stamped_bytes
from domain.record.tree import consistency_proof, leaf_hash, levels_of, root_of
from domain.record.trust import TrustedKey
from tests.domain.record.answers import ANSWER, AT, EXPIRED, NAMESAKE, NONCE, REJECTED, ROOT

ORIGIN = "log.example/1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = VerifierKey(ORIGIN, KeyKind.ED25519, PRIVATE.public_key().public_bytes_raw())
LEAVES = [leaf_hash(bytes([n])) for n in range(13)]
SIGNED_AT = times.read("2026-11-23T04:00:00.000000Z")
CHECKPOINT = Checkpoint(ORIGIN, 13, root_of(LEAVES), SIGNED_AT)


def signed(checkpoint: Checkpoint, key: VerifierKey = KEY) -> bytes:
    text = checkpoint.text()
    return Note(text, (key.sign(text, PRIVATE.sign),)).encode()


def proof_from(size: int) -> tuple[bytes, ...]:
    levels = levels_of(LEAVES)
    return tuple(consistency_proof(size, 13, lambda level, index: levels[level][index]))


NOTE = signed(CHECKPOINT)
STAMP = Stamp(NOTE, ANSWER)
EARLIER = Stamp(NOTE, ANSWER, proof_from(8))
TRUSTED = [TrustedKey(KEY)]
AUTHORITY = load_certificates(ROOT)


def refusal(check: Callable[..., object], *given: object) -> str:
    with pytest.raises(NotStamped) as refused:
        check(*given)
    return str(refused.value)


def test_an_answer_says_when_the_message_was_there_already():
    found = verify_response(ANSWER, NOTE, AUTHORITY)
    assert (found, type(found)) == (AT, int)
    assert times.written(AT) == "2026-11-23T04:23:29.000000Z"
    assert verify_response(ANSWER, NOTE, AUTHORITY, NONCE) == AT
    assert verify_response(ANSWER, NOTE, [*load_certificates(NAMESAKE), *AUTHORITY]) == AT
    assert response_time(ANSWER) == response_time(EXPIRED) == AT


def test_an_authority_that_is_listed_twice_is_one():
    assert verify_response(ANSWER, NOTE, load_certificates(ROOT + NAMESAKE + ROOT)) == AT


@pytest.mark.parametrize(
    ("answer", "message", "authorities", "nonce", "why"),
    [
        (ANSWER, NOTE + b".", AUTHORITY, None, "Mismatch between messages"),
        (ANSWER, NOTE, AUTHORITY, NONCE + 1, "Nonce mismatch"),
        (ANSWER, NOTE, AUTHORITY, 0, "Nonce mismatch"),
        (EXPIRED, NOTE, AUTHORITY, NONCE, "Error while verifying certificates"),
        (EXPIRED, NOTE, AUTHORITY, None, "Error while verifying certificates"),
        (ANSWER, NOTE, load_certificates(NAMESAKE), None, "Error while verifying certificates"),
        (ANSWER, NOTE, [], None, "Verifier must have at least one root certificate set"),
        (REJECTED, NOTE, AUTHORITY, None, "Missing SignedData"),
        (ANSWER[:-1], NOTE, AUTHORITY, None, "ASN.1 parse error"),
        (ANSWER + b"\0", NOTE, AUTHORITY, None, "ASN.1 parse error"),
        (ANSWER[:-1] + bytes([ANSWER[-1] ^ 1]), NOTE, AUTHORITY, None, "Error while verifying"),
        (b"", NOTE, AUTHORITY, None, "ASN.1 parse error"),
    ],
    ids=["message", "nonce", "nonce 0", "expired and nonce", "expired", "another by that name",
         "nobody", "rejected", "cut", "more", "signature", "nothing"],
)  # fmt: skip
def test_any_other_answer_does_not_hold(answer, message, authorities, nonce, why):
    words = refusal(verify_response, answer, message, authorities, nonce)
    begins = "the authority's answer does not hold: "
    assert words.startswith(begins + why)
    assert len(words) <= len(begins) + 200, "what a library says has no end"


def test_a_time_that_was_altered_does_not_hold():
    written = b"20261123042329Z"
    earlier = ANSWER.replace(written, b"20251123042329Z")
    assert ANSWER.count(written) == 1
    assert response_time(earlier) == AT - 365 * 86_400 * 1_000_000
    assert "does not hold" in refusal(verify_response, earlier, NOTE, AUTHORITY)


def test_what_is_no_answer_has_no_time():
    assert refusal(response_time, REJECTED) == "no answer of an authority: Missing SignedData"
    assert refusal(response_time, b"<html>").startswith("no answer of an authority: ASN.1")


def test_what_are_no_certificates_is_said():
    assert [each.subject.rfc4514_string() for each in AUTHORITY] == ["CN=Root"]
    assert load_certificates(NAMESAKE + ROOT)[1:] == AUTHORITY
    for content in (b"", b"\xff", ROOT.replace(b"MII", b"MIJ"), ROOT[:-30]):
        assert refusal(load_certificates, content).startswith("no certificates in PEM: ")


def test_a_stamp_holds_for_its_tree_and_for_earlier_ones():
    assert verify_stamp(STAMP, 13, root_of(LEAVES), TRUSTED, AUTHORITY) == Stamped(AT, 13)
    assert verify_stamp(EARLIER, 8, root_of(LEAVES[:8]), TRUSTED, AUTHORITY) == Stamped(AT, 13)


@pytest.mark.parametrize(
    ("stamp", "size", "leaves"),
    [
        (STAMP, 13, LEAVES[:12]),
        (STAMP, 12, LEAVES),
        (STAMP, 14, LEAVES),
        (STAMP, 8, LEAVES[:8]),
        (EARLIER, 13, LEAVES),
        (EARLIER, 8, LEAVES[1:9]),
        (EARLIER, 7, LEAVES[:7]),
        (replace(EARLIER, proof=EARLIER.proof[1:]), 8, LEAVES[:8]),
    ],
)
def test_a_stamp_holds_for_no_other_tree(stamp: Stamp, size: int, leaves: list[bytes]):
    words = refusal(verify_stamp, stamp, size, root_of(leaves), TRUSTED, AUTHORITY)
    assert words == "its tree is not shown to go on from the one of the bundle"


NO_KEY = f"signed by {ORIGIN}, and by none of the keys given"


@pytest.mark.parametrize(
    ("note", "trusted", "why"),
    [
        (NOTE, [], NO_KEY),
        (NOTE, [TrustedKey(KEY, SIGNED_AT + 1)], NO_KEY),
        (NOTE, [TrustedKey(KEY, None, SIGNED_AT)], NO_KEY),
        (signed(CHECKPOINT, replace(KEY, name="log.example/2")),
         [TrustedKey(replace(KEY, name="log.example/2"))],
         "signed by log.example/2, and by none of the keys given"),
        (NOTE.replace(b"\n13\n", b"\n14\n"), TRUSTED, f"{ORIGIN} did not sign this"),
        (NOTE.replace(b"at 2026", b"at noon"), TRUSTED, "the time of signing is none"),
        (NOTE[:-1], TRUSTED, "a line that is no signature"),
    ],
    ids=["nobody", "not yet", "no more", "of another log", "altered", "no time", "cut"],
)  # fmt: skip
def test_a_stamp_is_of_a_checkpoint_that_a_trusted_key_signed(note, trusted, why):
    words = refusal(verify_stamp, Stamp(note, ANSWER), 13, CHECKPOINT.root, trusted, AUTHORITY)
    assert words == f"its checkpoint: {why}"


def test_a_key_counts_when_the_checkpoint_was_signed():
    key = [TrustedKey(KEY, SIGNED_AT, SIGNED_AT + 1)]
    assert verify_stamp(STAMP, 13, CHECKPOINT.root, key, AUTHORITY).at == AT
    # A checkpoint that does not say when counts by its signature: then the answer is of another.
    timeless = Stamp(signed(replace(CHECKPOINT, at=None)), ANSWER)
    for bounds in ((None, None), (SIGNED_AT + 1, None)):
        ended = [TrustedKey(KEY, *bounds)]
        words = refusal(verify_stamp, timeless, 13, CHECKPOINT.root, ended, AUTHORITY)
        assert words == "the authority's answer does not hold: Mismatch between messages"


def test_what_is_stamped_is_signed_by_the_log_alone():
    text = CHECKPOINT.text()
    witness = replace(KEY, name="witness.example", kind=KeyKind.ED25519_COSIGNATURE)
    own = parse_note(NOTE).signatures
    cosigned = Note(text, (witness.sign(text, PRIVATE.sign, 1_800_000_000), *own))
    assert stamped_bytes(cosigned) == NOTE
    stamp = Stamp(cosigned.encode(), ANSWER)
    assert verify_stamp(stamp, 13, CHECKPOINT.root, TRUSTED, AUTHORITY) == Stamped(AT, 13)
    second = replace(KEY, public=bytes(32))
    by_two = Note(text, (replace(own[0], key_id=second.key_id), *own))
    assert stamped_bytes(by_two) == by_two.encode(), "all keys of the log, in their order"
