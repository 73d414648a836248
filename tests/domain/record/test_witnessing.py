"""What a witness cosigns: what only grew, by the log's own word; nothing else ever."""

from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.record.checkpoint import Checkpoint
from domain.record.encoding import MOST
from domain.record.note import Note, NoteBroken
from domain.record.note_keys import (
    KeyKind,
    NobodyKnown,
    SignatureBroken,
    VerifierKey,
    parse_vkey,
)
from domain.record.tree import EMPTY_ROOT, consistency_proof, leaf_hash, levels_of, root_of
from domain.record.witnessing import (
    MOST_PROOF_LINES,
    AddCheckpoint,
    Seen,
    Why,
    WillNotCosign,
    check_against,
    cosignature,
    parse_add_checkpoint,
    parse_size,
    submitted,
)

# The example of c2sp.org/tlog-witness.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz\
Gku9nTo+zyWE+xeMcTOAYQ8=
""".encode()

# One that litewitness, another witness by the same document, answers with 200 in its own tests.
OTHERS_KEY = bytes.fromhex("52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd")
OTHERS_LOG = "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
OTHERS = f"""old 0

{OTHERS_LOG}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— {OTHERS_LOG} 7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6Y\
vGGzV/lwo=
""".encode()

LOG = "log.example/1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = VerifierKey(LOG, KeyKind.ED25519, PRIVATE.public_key().public_bytes_raw())
WITNESS = replace(KEY, name="witness.example", kind=KeyKind.ED25519_COSIGNATURE)
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]


# What litewitness 0.8.0 answered to this log's first nine leaves, signed at the time below.
LITEWITNESS = "witness.example/lw+f37e41d0+BHe3zIET4NtPyYPlEZR3adK9K70aljHHeKvWw+Gqn0kf"
ITS_ANSWER = (
    "— witness.example/lw 835B0AAAAABrA5Ojbt1wRlpjdxfPt4xMW7v55pejf0jez6osGO+a9Rz4qMYdq/R4/4u6g3VH"
    "btmFmF8YlqElinnVbZFXC0XN3OMPBw==\n"
)


def note_of(size: int, root: bytes, origin: str = LOG) -> bytes:
    text = Checkpoint(origin, size, root).text()
    return Note(text, (KEY.sign(text, PRIVATE.sign),)).encode()


def request(old: int, leaves: list[bytes]) -> AddCheckpoint:
    levels = levels_of(leaves)
    proof = consistency_proof(old, len(leaves), lambda level, index: levels[level][index])
    return AddCheckpoint(old, tuple(proof), note_of(len(leaves), root_of(leaves)))


def check(seen: Seen, asked: AddCheckpoint) -> Seen:
    """What was seen last, when it was cosigned."""
    new = submitted(asked.encode(), [KEY, WITNESS])
    check_against(seen, new)
    return Seen(new.checkpoint.size, new.checkpoint.root)


def refusal(seen: Seen, asked: AddCheckpoint | bytes) -> WillNotCosign:
    body = asked if isinstance(asked, bytes) else asked.encode()
    try:
        check_against(seen, submitted(body, [KEY, WITNESS]))
    except WillNotCosign as refused:
        return refused
    pytest.fail("it was cosigned")


def test_the_published_request_is_read_and_written():
    asked = parse_add_checkpoint(EXAMPLE)
    assert (asked.old, len(asked.proof)) == (20852014, 4)
    assert asked.proof[0] == b64decode("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=")
    assert asked.note == EXAMPLE.partition(b"\n\n")[2]
    assert asked.encode() == EXAMPLE


def test_what_another_witness_cosigns_is_cosigned():
    key = VerifierKey(OTHERS_LOG, KeyKind.ED25519, OTHERS_KEY)
    assert OTHERS_LOG.endswith(sha256(OTHERS_KEY).hexdigest())
    new = submitted(OTHERS, [key])
    check_against(Seen(), new)
    assert (new.old, new.checkpoint.size, new.checkpoint.root[0]) == (0, 1, 42)
    with pytest.raises(WillNotCosign) as refused:
        submitted(OTHERS.replace(b"\n1\n", b"\n2\n"), [key])
    assert refused.value.why is Why.NOT_SIGNED


def test_what_another_witness_answers_is_a_cosignature():
    text = Checkpoint(LOG, 9, root_of(LEAVES[:9]), 1_800_000_000_000_000).text()
    key = parse_vkey(LITEWITNESS)
    signed = cosignature(ITS_ANSWER.encode(), text, key)
    assert key.verify(text, signed) == 1795396515


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.data())
def test_what_grows_is_cosigned_and_a_fork_of_it_never(sizes: list[int], data: st.DataObject):
    seen = Seen()
    for size in sorted(sizes):
        if size:
            seen = check(seen, request(seen.size, LEAVES[:size]))
    if not seen.size:
        return
    assert seen == Seen(max(sizes), root_of(LEAVES[: seen.size]))
    changed = data.draw(st.integers(0, seen.size - 1))
    size = data.draw(st.integers(seen.size, 40))
    forked = [*LEAVES[:changed], leaf_hash(b"another"), *LEAVES[changed + 1 :]][:size]
    why = refusal(seen, request(seen.size, forked)).why
    assert why is (Why.OTHER_ROOT if size == seen.size else Why.INCONSISTENT)
    old = data.draw(st.integers(0, 40).filter(lambda size: size != seen.size))
    refused = refusal(seen, request(old, LEAVES[: max(old, size)]))
    assert (refused.why, refused.size) == (Why.OTHER_SIZE, seen.size)


SEEN = Seen(8, root_of(LEAVES[:8]))
GOOD = request(8, LEAVES[:13])


LED_ASTRAY = "the proof does not lead from one tree to the other"
BEGINS_WRONG = "no line `old`, or no empty line behind the proof"


@pytest.mark.parametrize(
    ("asked", "why", "words"),
    [
        (b"", Why.BROKEN, BEGINS_WRONG),
        (GOOD.encode().replace(b"old 8", b"old 08"), Why.BROKEN, BEGINS_WRONG),
        (GOOD.encode().replace(b"old 8", b"old -8"), Why.BROKEN, BEGINS_WRONG),
        (GOOD.encode().replace(b"old 8", b"old %d" % (MOST + 1)), Why.BROKEN, BEGINS_WRONG),
        (GOOD.encode().replace(b"old 8\n", b"old 8\r\n"), Why.BROKEN, BEGINS_WRONG),
        (GOOD.encode().replace(b"old 8", b"\xffold 8"), Why.BROKEN,
         "not text before the checkpoint"),
        (GOOD.encode().replace(b"\n\n", b"\n", 1), Why.BROKEN, "not base64"),
        (GOOD.encode().partition(b"\n\n")[0], Why.BROKEN, BEGINS_WRONG),
        (GOOD.encode().replace(b"old 8\n", b"old 8\n="), Why.BROKEN, "not base64"),
        (replace(GOOD, proof=(bytes(31),)), Why.BROKEN, "a line of the proof is no hash"),
        (replace(GOOD, proof=(bytes(32),) * (MOST_PROOF_LINES + 1)), Why.BROKEN,
         "a proof of more than 63 lines"),
        (replace(GOOD, note=GOOD.note[:-1]), Why.BROKEN, "a line that is no signature"),
        (replace(GOOD, note=GOOD.note.replace(b"\n13\n", b"\n013\n")), Why.BROKEN,
         "the second line is no size of a tree"),
        (replace(GOOD, old=14), Why.BROKEN, "the old size is beyond that of the checkpoint"),
        (replace(GOOD, note=note_of(13, bytes(32), "log.example/2")), Why.UNKNOWN_LOG,
         "the log is not one that is known here"),
        (replace(GOOD, note=note_of(13, bytes(32), WITNESS.name)), Why.NOT_SIGNED,
         "signed by log.example/1, and by none of the keys given"),
        (replace(GOOD, note=GOOD.note.replace(b"\n13\n", b"\n14\n")), Why.NOT_SIGNED,
         "log.example/1 did not sign this"),
        (replace(GOOD, old=7), Why.OTHER_SIZE, "8 leaves were cosigned"),
        (replace(GOOD, old=13), Why.OTHER_SIZE, "8 leaves were cosigned"),
        (replace(GOOD, old=0, proof=()), Why.OTHER_SIZE, "8 leaves were cosigned"),
        (request(4, LEAVES[:7]), Why.OTHER_SIZE, "8 leaves were cosigned"),
        (replace(GOOD, proof=GOOD.proof[:-1]), Why.INCONSISTENT, LED_ASTRAY),
        (replace(GOOD, proof=(*GOOD.proof, bytes(32))), Why.INCONSISTENT, LED_ASTRAY),
        (replace(GOOD, proof=()), Why.INCONSISTENT, LED_ASTRAY),
        (replace(GOOD, proof=(bytes(32),) * MOST_PROOF_LINES), Why.INCONSISTENT, LED_ASTRAY),
        (AddCheckpoint(8, (bytes(32),), note_of(8, SEEN.root)), Why.INCONSISTENT, LED_ASTRAY),
        (AddCheckpoint(8, (), note_of(8, bytes(32))), Why.OTHER_ROOT,
         "another tree of 8 leaves was cosigned"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(asked: AddCheckpoint | bytes, why: Why, words: str):
    refused = refusal(SEEN, asked)
    assert (refused.why, refused.size) == (why, 8 if why is Why.OTHER_SIZE else None)
    assert str(refused) == words
    check(SEEN, GOOD)


def test_the_largest_tree_that_can_be_is_read():
    assert parse_add_checkpoint(b"old %d\n\n" % MOST) == AddCheckpoint(MOST, (), b"")
    assert parse_size(b"%d\n" % MOST) == MOST
    with pytest.raises(NoteBroken, match=r"^no size of a tree$"):
        parse_size(b"%d\n" % (MOST + 1))


def test_a_log_that_was_never_seen_begins_with_any_tree_and_no_proof():
    assert check(Seen(), request(0, LEAVES[:9])).size == 9
    with_proof = replace(request(0, LEAVES[:9]), proof=(bytes(32),))
    assert refusal(Seen(), with_proof).why is Why.INCONSISTENT
    assert check(Seen(), AddCheckpoint(0, (), note_of(0, EMPTY_ROOT))) == Seen()
    assert refusal(Seen(), AddCheckpoint(0, (), note_of(0, bytes(32)))).why is Why.OTHER_ROOT


def test_signatures_of_others_are_left_out():
    text = Checkpoint(LOG, 3, bytes(32)).text()
    own = KEY.sign(text, PRIVATE.sign)
    note = Note(text, (replace(own, name="stranger.example"), own))
    new = submitted(AddCheckpoint(0, (), note.encode()).encode(), [KEY])
    assert new.note == Note(text, (own,))


def test_an_answer_counts_for_the_checkpoint_that_was_sent_alone():
    text = Checkpoint(LOG, 3, bytes(32)).text()
    signed = WITNESS.sign(text, PRIVATE.sign, 1_800_000_000)
    strange = replace(signed, name="stranger.example").encode()
    assert cosignature(strange + signed.encode(), text, WITNESS) == signed
    with pytest.raises(NobodyKnown):
        cosignature(strange, text, WITNESS)
    with pytest.raises(SignatureBroken):
        cosignature(WITNESS.sign(text, PRIVATE.sign, 0).encode(), text, WITNESS)
    longer = text + "\nmore\n"
    by_another_text = WITNESS.sign(longer, PRIVATE.sign, 1).encode()
    for answer in (by_another_text, b"more\n\n" + by_another_text):
        with pytest.raises(SignatureBroken):
            cosignature(answer, text, WITNESS)
    for nothing in (b"", b"<html>", b64encode(bytes(70))):
        with pytest.raises(NoteBroken):
            cosignature(nothing, text, WITNESS)
    assert parse_size(b"50\n") == 50
    for wrong in (b"", b"50", b"050\n", b"-1\n", b"50\n\n", b"9" * 20 + b"\n", b"\xd9\xa5\n"):
        with pytest.raises(NoteBroken):
            parse_size(wrong)
