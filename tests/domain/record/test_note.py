"""Signed notes and checkpoints: those of the specification, and none that is nearly one."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.record import times
from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.note import (
    MOST_BYTES,
    MOST_SIGNATURES,
    Note,
    NoteBroken,
    NoteSignature,
    parse_note,
)
from domain.record.note_keys import (
    KeyKind,
    NobodyKnown,
    SignatureBroken,
    Signed,
    VerifierKey,
    open_note,
    parse_vkey,
)

# The example of golang.org/x/mod/sumdb/note, which c2sp.org/signed-note grew out of.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The example of c2sp.org/tlog-cosignature: a log's signature, and a witness's.
COSIGNED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2"
    "q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2o"
    "yin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
CHECKPOINT = Checkpoint(
    "log.example/1", 7, bytes(range(32)), times.read("2026-01-31T12:00:00.000001Z")
)


def ed25519(name: str, seed: int, kind: KeyKind = KeyKind.ED25519):
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return VerifierKey(name, kind, private.public_key().public_bytes_raw()), private.sign


def ml_dsa(name: str):
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    public = private.public_key().public_bytes_raw()
    return VerifierKey(name, KeyKind.ML_DSA_44_COSIGNATURE, public), private.sign


def test_the_published_example_opens():
    key = parse_vkey(VKEY)
    note = parse_note(EXAMPLE.encode())
    assert open_note(note, [key]) == [Signed(key, None)]
    assert note.text == "This is an example message.\n"
    assert note.encode() == EXAMPLE.encode()
    assert key.encode() == VKEY
    with pytest.raises(SignatureBroken):
        open_note(replace(note, text="This is another message.\n"), [key])


def test_the_published_checkpoint_is_read():
    note = parse_note(COSIGNED.encode())
    assert note.encode() == COSIGNED.encode()
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert (checkpoint.at, checkpoint.extensions) == (None, ())
    assert checkpoint.text() == note.text
    _, witness = note.signatures
    assert int.from_bytes(witness.signed[:8]) == 1679315147


@pytest.mark.parametrize(
    "key_and_sign",
    [
        ed25519("log.example/1", 1),
        ed25519("witness.example", 2, KeyKind.ED25519_COSIGNATURE),
        ml_dsa("log.example/1"),
    ],
    ids=["ed25519", "cosignature", "ml-dsa-44"],
)
def test_each_kind_signs_a_checkpoint_and_nothing_else_is_signed(key_and_sign):
    key, sign = key_and_sign
    text = CHECKPOINT.text()
    at = 1_800_000_000 if key.timestamped else None
    signature = key.sign(text, sign, at or 0)
    from_the_epoch = key.signature(text, sign(key.message(text)))
    assert key.verify(text, from_the_epoch) == (0 if key.timestamped else None)
    note = parse_note(Note(text, (signature,)).encode())
    assert open_note(note, [parse_vkey(key.encode())]) == [Signed(key, at)]
    other = replace(CHECKPOINT, size=8).text()
    flipped = bytes([signature.signed[0] ^ 1]) + signature.signed[1:]
    for wrong in (
        Note(other, (signature,)),
        Note(text, (replace(signature, signed=flipped),)),
        Note(text, (replace(signature, signed=signature.signed[:-1]),)),
        Note(text, (replace(signature, signed=b"x"),)),
    ):
        with pytest.raises(SignatureBroken):
            open_note(wrong, [key])
    with pytest.raises(SignatureBroken):
        key.sign(text, lambda message: sign(message + b"."), at or 0)


def test_a_name_that_is_signed_has_its_length_in_one_byte():
    for length in (1, 255):
        origin, (key, sign) = "o" * length, ml_dsa("k" * length)
        text = replace(CHECKPOINT, origin=origin).text()
        assert key.verify(text, key.sign(text, sign)) == 0
        name, signed_name = bytes([length]) + b"k" * length, bytes([length]) + b"o" * length
        assert key.message(text, 9) == (
            b"subtree/v1\n\0" + name + bytes(7) + b"\x09" + signed_name
            + bytes(8) + bytes(7) + b"\x07" + CHECKPOINT.root
        )  # fmt: skip
    key, sign = ml_dsa("k")
    for name, origin in (("k", "o" * 256), ("k" * 256, "o")):
        with pytest.raises(NoteBroken, match="more than 255 bytes"):
            replace(key, name=name).message(replace(CHECKPOINT, origin=origin).text())


def test_a_cosignature_bears_any_time_that_can_be():
    key, sign = ed25519("witness.example", 2, KeyKind.ED25519_COSIGNATURE)
    text = CHECKPOINT.text()
    assert key.message(text) == b"cosignature/v1\ntime 0\n" + text.encode()
    last = 2**63 - 1
    assert key.verify(text, key.sign(text, sign, last)) == last
    with pytest.raises(SignatureBroken, match="a time beyond all times"):
        key.sign(text, sign, last + 1)


def test_the_largest_tree_can_be_signed():
    largest = replace(CHECKPOINT, size=2**63 - 1, extensions=("more", "and more"))
    assert parse_checkpoint(largest.text()) == largest


def test_only_keys_that_are_known_count():
    text = CHECKPOINT.text()
    mine, sign = ed25519("log.example/1", 1)
    theirs, their_sign = ed25519("log.example/1", 2)
    by_both = Note(text, (theirs.sign(text, their_sign), mine.sign(text, sign)))
    assert [each.key for each in open_note(by_both, [mine])] == [mine]
    with pytest.raises(NobodyKnown, match=r"log\.example/1"):
        open_note(Note(text, (theirs.sign(text, their_sign),)), [mine])
    strange = replace(theirs.sign(text, their_sign), name="another.example")
    with pytest.raises(NobodyKnown, match=r"^signed by another\.example, log\.example/1, and by"):
        open_note(Note(text, (theirs.sign(text, their_sign), strange)), [mine])
    as_mine = replace(theirs.sign(text, their_sign), key_id=mine.key_id)
    with pytest.raises(SignatureBroken):
        open_note(by_both.with_signatures([as_mine]), [mine])


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n—  a AAAAAAA=\n",
        "text\n\n— a  AAAAAAA=\n",
        "text\n\n— a AAAAAAA= \n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n— a AAAAAAA\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a\u00a0b AAAAAAA=\n",
        "text\r\n\n— a AAAAAAA=\n",
        "te\0xt\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=\nmore\n",
        "text\n\n— a AAAAAAA=\u2028— a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * (MOST_SIGNATURES + 1),
    ],
)
def test_what_is_nearly_a_note_is_none(broken: str):
    with pytest.raises(NoteBroken):
        parse_note(broken.encode())


def test_the_longest_note_is_read():
    signed = "\n\n— a AAAAAAA=\n"
    longest = "t" * (MOST_BYTES - len(signed.encode())) + signed
    assert parse_note(longest.encode()).encode() == longest.encode()
    with pytest.raises(NoteBroken, match=r"^more than 262144 bytes$"):
        parse_note(b"t" + longest.encode())
    lines = "— a AAAAAAA=\n" * MOST_SIGNATURES
    assert len(parse_note(f"text\n\n{lines}".encode()).signatures) == 64


@given(
    st.binary(max_size=80)
    | st.text(max_size=40).map(lambda text: f"{text}\n\n— a AAAAAAA=\n".encode(errors="replace"))
)
@settings(max_examples=200)
def test_no_bytes_break_the_reading_of_notes(content: bytes):
    try:
        note = parse_note(content)
    except NoteBroken:
        return
    assert note.encode() == content


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "a\n7\n",
        "a\n7\nAAAA\n",
        "a\n07\n" + "A" * 43 + "=\n",
        "a\n-7\n" + "A" * 43 + "=\n",
        "a\n" + str(2**63) + "\n" + "A" * 43 + "=\n",
        "a\n7\n" + "A" * 43 + "=",
        "\n7\n" + "A" * 43 + "=\n",
        "a\n7\n" + "A" * 43 + "=\n\n",
        "a\n7\n" + "A" * 43 + "=\nat noon\n",
        "a\n7\n" + "A" * 43 + "=\nat 2026-01-31T12:00:00Z\n",
        "a\n7\n" + "A" * 43 + "=\nat 2026-02-30T12:00:00.000000Z\n",
    ],
)
def test_what_is_nearly_a_checkpoint_is_none(broken: str):
    with pytest.raises(NoteBroken):
        parse_checkpoint(broken)


@pytest.mark.parametrize(
    "broken",
    ["", "a", "a+b", VKEY[:-1], VKEY.replace("530d903a", "530D903A"), VKEY.replace("foo", "bar"),
     "a+00000000+", "a+00000000+AA==", "a b" + VKEY, VKEY + "+"],
)  # fmt: skip
def test_what_is_nearly_a_key_is_none(broken: str):
    with pytest.raises(NoteBroken):
        parse_vkey(broken)


def test_a_key_has_the_length_of_its_kind():
    for kind, length in ((KeyKind.ED25519, 31), (KeyKind.ML_DSA_44_COSIGNATURE, 32)):
        with pytest.raises(NoteBroken, match=f"^a key of {length} bytes$"):
            VerifierKey("a", kind, bytes(length))


def test_nothing_is_written_that_would_not_be_read():
    signature = NoteSignature("a", b"1234", b"x")
    for note in (
        Note("no newline", (signature,)),
        Note("text\n", ()),
        Note("text\n", (replace(signature, name="a b"),)),
        Note("text\n", (replace(signature, key_id=b"1", signed=b"2"),)),
        Note("text\n", (replace(signature, key_id=b"1", signed=b"2345"),)),
    ):
        with pytest.raises(NoteBroken):
            note.encode()
    for checkpoint in (
        replace(CHECKPOINT, origin="a\nb"),
        replace(CHECKPOINT, root=b""),
        replace(CHECKPOINT, size=-1),
        replace(CHECKPOINT, extensions=("",)),
        replace(CHECKPOINT, at=None, extensions=("at noon",)),
        replace(CHECKPOINT, at=None, extensions=("at 2026-01-31T12:00:00.000000Z",)),
    ):
        with pytest.raises(NoteBroken):
            checkpoint.text()


@given(st.integers(0, times.read("9999-12-31T23:59:59.999999Z")))
def test_moments_come_back(microseconds: int):
    read = times.read(times.written(microseconds))
    assert (read, type(read)) == (microseconds, int)


def test_moments_outside_of_the_calendar_are_none():
    for text in ("2026-01-31T12:00:00Z", "2026-1-31T12:00:00.000000Z", "", "now"):
        with pytest.raises(ValueError, match=f"^'{text}' is no moment of the form 2026-01-31T12"):
            times.read(text)
    with pytest.raises(ValueError, match="hour"):
        times.read("2026-01-31T24:00:00.000000Z")
    with pytest.raises(ValueError, match="9223372036854775807 microseconds"):
        times.written(2**63 - 1)
