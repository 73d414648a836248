"""The bytes that are hashed: an event's body, its link in the chain, its leaf in the tree."""

import struct
from hashlib import sha256

HASH_BYTES = 32
LEAF_BYTES = 40
MOST = 2**63 - 1  # of any number: what PostgreSQL and JSON readers elsewhere can hold
NO_LINK = bytes(HASH_BYTES)

_BODY = b"taskledger event v1\n"
_CHAIN = b"taskledger chain v1\n"

_u32 = struct.Struct(">I").pack
_u64 = struct.Struct(">Q").pack
_three_u64 = struct.Struct(">QQI").pack


def lp(content: bytes) -> bytes:
    """The content behind its length."""
    return _u32(len(content)) + content


def envelope(
    stream: str, version: int, type_name: str, recorded_at: int, number: int | None, metadata: bytes
) -> bytes:
    """All of an event but its workspace, position and payload. `recorded_at` in microseconds
    since 1970, UTC; `number` is what was drawn from a sequence, None like 0."""
    return b"".join(
        (
            lp(stream.encode()),
            _u64(version),
            lp(type_name.encode()),
            _three_u64(recorded_at, number or 0, len(metadata)),
            metadata,
        )
    )


def body_hash(workspace: str, envelope: bytes, payload_hash: bytes) -> bytes:
    """What stands for an event; see `envelope`. `payload_hash` is SHA-256 of the stored bytes."""
    return sha256(body_prefix(workspace) + envelope + payload_hash).digest()


def body_prefix(workspace: str) -> bytes:
    """How the bodies of all events of a workspace begin; the envelope follows."""
    return _BODY + lp(workspace.encode())


def link(count: int, previous: bytes, body_hash: bytes) -> bytes:
    """The chain's value after its event number `count`; `NO_LINK` stands before the first."""
    return sha256(_CHAIN + _u64(count) + previous + body_hash).digest()


def leaf(position: int, link: bytes) -> bytes:
    """What the tree holds at the index `position - 1`."""
    return _u64(position) + link
