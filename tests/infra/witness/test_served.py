"""A witness over HTTP, by c2sp.org/tlog-witness: its statuses, and killed between two of them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.record.checkpoint import Checkpoint
from domain.record.note import Note, parse_note
from domain.record.note_keys import KeyKind, VerifierKey, open_note
from domain.record.tree import consistency_proof, leaf_hash, levels_of, root_of
from domain.record.witnessing import MOST_REQUEST_BYTES, AddCheckpoint
from infra.witness.memory import name_of
from tests.infra.witness.served import ServedWitness, served_witness

LOG = "log.example/1"
PRIVATE = Ed25519PrivateKey.generate()
KEY = VerifierKey(LOG, KeyKind.ED25519, PRIVATE.public_key().public_bytes_raw())
LEAVES = [leaf_hash(bytes([n])) for n in range(30)]
FORKED = [leaf_hash(b"another"), *LEAVES[1:]]


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[ServedWitness]:
    with served_witness(tmp_path) as made:
        made.knows(KEY)
        yield made


def body(old: int, leaves: list[bytes], origin: str = LOG) -> bytes:
    text = Checkpoint(origin, len(leaves), root_of(leaves)).text()
    levels = levels_of(leaves)
    proof = consistency_proof(old, len(leaves), lambda level, index: levels[level][index])
    note = Note(text, (KEY.sign(text, PRIVATE.sign),))
    return AddCheckpoint(old, tuple(proof), note.encode()).encode()


def test_it_answers_as_the_document_says_and_remembers_through_a_kill(
    witness: ServedWitness,
) -> None:
    key = witness.start()
    assert (key.name, key.kind) == ("witness.example/w1", KeyKind.ED25519_COSIGNATURE)
    with httpx.Client(base_url=witness.url, timeout=20) as client:

        def add(content: bytes) -> httpx.Response:
            return client.post("/add-checkpoint", content=content)

        asked = body(0, LEAVES[:9])
        cosigned = add(asked)
        assert cosigned.status_code == 200
        note = asked.partition(b"\n\n")[2] + cosigned.content
        [signed] = open_note(parse_note(note), [key])
        assert signed.at
        witness.kill()
        assert witness.start() == key

        stale = add(asked)
        assert (stale.status_code, stale.text) == (409, "9\n")
        assert stale.headers["content-type"] == "text/x.tlog.size"
        other = add(body(9, FORKED[:9]))
        assert other.status_code == 409
        assert other.headers["content-type"] != "text/x.tlog.size"
        assert add(body(9, FORKED[:13])).status_code == 422
        assert add(body(9, LEAVES[:12]).replace(b"old 9", b"old 13")).status_code == 400
        assert add(b"old 9\n").status_code == 400
        assert add(body(0, LEAVES[:1], "log.example/2")).status_code == 404
        assert add(body(9, LEAVES[:13]).replace(b"\n13\n", b"\n14\n")).status_code == 403
        assert add(b"o" * (MOST_REQUEST_BYTES + 1)).status_code == 413
        assert client.get("/add-checkpoint").status_code == 405
        assert client.get(f"/{name_of(LOG)}/checkpoint").content == note
        assert client.get(f"/{name_of('log.example/2')}/checkpoint").status_code == 404
        assert client.get("/lock/checkpoint").status_code == 404
        assert add(body(9, LEAVES[:13])).status_code == 200
        assert client.get(f"/{name_of(LOG)}/checkpoint").text.splitlines()[1] == "13"
