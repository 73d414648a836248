"""A commit made ready for the log: sealed, encoded and packed before it joins a batch."""

import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from commands.commit import Claim, Commit, NewEvent
from domain.errors import invalid
from domain.values.text import Erased, Text
from infra.event_store.codec import Codec, EventCodec
from infra.event_store.metadata import (
    ERASED_TEXT,
    IP,
    REASON,
    Metadata,
    encode_metadata,
    sealed_text,
)
from infra.event_store.sealing import Sealer, place
from infra.keys.content_keys import KeyName, KeyRing, SealingKey, content_key, identity_key
from infra.postgres.arrays import NULL, packed, packed_integer

MAX_EVENT_BYTES = 256 * 1024
MAX_COMMIT_EVENTS = 10_000
MAX_COMMIT_BYTES = 32 * 1024 * 1024

COMMAND_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """A claim with its value's HMAC in the place of the value."""

    scope: str
    value_hmac: bytes
    owner: str
    holding: bool
    field: str


@dataclass(slots=True)
class PackedEvents:
    """The columns of a commit's events, each element behind its length as arrays travel."""

    count: int
    workspaces: bytes
    streams: bytes
    versions: bytes
    types: bytes
    payloads: bytes
    metadatas: bytes
    draws: bytes | None
    size: int


@dataclass(slots=True)
class EncodedCommit:
    """What the log needs of a commit, and what tells whether it may share a batch with others.

    The guard `touched[i]` is touched by the event `touching[i]`, counted from 1.
    """

    command_id: bytes
    workspace_id: str
    main_stream: str
    main_version: int
    digest: bytes | None
    events: PackedEvents
    expected: Mapping[str, int]
    written: Collection[str]
    reads: Sequence[tuple[str, int]]
    guards: Mapping[str, int]
    touching: Sequence[int]
    touched: Sequence[str]
    claims: Sequence[HeldClaim]
    claimed: Sequence[tuple[str, bytes]]


_NO_EVENTS = PackedEvents(0, b"", b"", b"", b"", b"", b"", None, 0)

FieldKeys = dict[str, SealingKey]


class CommitEncoder:
    """Encodes commits. What it raises, it raises before anything has left."""

    def __init__(self, codec: Codec, ring: KeyRing, claim_secret: bytes) -> None:
        self._codec = codec
        self._ring = ring
        self._claim_secret = claim_secret

    async def encode(self, commit: Commit) -> EncodedCommit:
        """Waits only for keys that this process has not used yet.

        Raises Invalid for what is too big or cannot be stored; ValueError and TypeError for a
        commit or an event that is not well formed.
        """
        _check(commit)
        codecs = [self._codec.of(new.event) for new in commit.events]
        found: dict[KeyName, SealingKey] = {}
        keys, missing = self._keys(commit, codecs, found)
        while missing:
            found.update(await self._ring.obtain(missing))
            keys, missing = self._keys(commit, codecs, found)
        try:
            return self._pack(commit, codecs, keys)
        except UnicodeEncodeError as error:
            raise invalid("", f"This holds what is no text: {error}") from error

    def claim_hmac(self, scope: str, value: str) -> bytes:
        return hmac.digest(self._claim_secret, f"{scope}\0{value}".encode(), "sha256")

    def _keys(
        self, commit: Commit, codecs: list[EventCodec], found: Mapping[KeyName, SealingKey]
    ) -> tuple[list[FieldKeys], set[KeyName]]:
        """For each event the keys of its fields, and the names of those that are not here yet."""
        keys: list[FieldKeys] = []
        missing = set()
        for new, codec in zip(commit.events, codecs, strict=True):
            of_fields: FieldKeys = {}
            for field, name in _owners(commit, new, codec):
                key = found.get(name) or self._ring.cached(name)
                if key is None:
                    missing.add(name)
                else:
                    of_fields[field] = key
            keys.append(of_fields)
        return keys, missing

    def _pack(
        self, commit: Commit, codecs: list[EventCodec], keys: list[FieldKeys]
    ) -> EncodedCommit:
        versions = dict(commit.expected)
        rows: list[Sequence[bytes]] = []
        touching: list[int] = []
        touched: list[str] = []
        size = 0
        for new, codec, of_fields in zip(commit.events, codecs, keys, strict=True):
            version = versions[new.stream] = versions[new.stream] + 1
            where = place(new.workspace_id, new.stream, version, codec.name)
            sealer = Sealer(where, of_fields)
            payload = codec.encode(new.event, sealer)
            metadata = _metadata(commit, new, sealer)
            size += _checked_size(payload, metadata)
            rows.append(_row(new, codec, version, payload, metadata))
            touched += new.touches
            touching += [len(rows)] * len(new.touches)
        if size > MAX_COMMIT_BYTES:
            raise invalid("", "This is too much for one command: split it.", "too-big")
        claims = [self._held(claim) for claim in commit.claims]
        written = {new.stream for new in commit.events}
        return EncodedCommit(
            commit.command_id,
            commit.workspace_id,
            commit.main_stream,
            versions[commit.main_stream],
            commit.request_digest,
            _packed(rows, size),
            commit.expected,
            written,
            [read for read in commit.expected.items() if read[0] not in written],
            commit.guards,
            touching,
            touched,
            claims,
            [(claim.scope, claim.value_hmac) for claim in claims],
        )

    def _held(self, claim: Claim) -> HeldClaim:
        value_hmac = self.claim_hmac(claim.scope, claim.value)
        return HeldClaim(claim.scope, value_hmac, claim.owner, claim.holding, claim.field)


def _row(
    new: NewEvent, codec: EventCodec, version: int, payload: bytes, metadata: bytes
) -> tuple[bytes, ...]:
    return (
        packed(new.workspace_id.encode()),
        packed(new.stream.encode()),
        packed_integer(version),
        codec.packed_name,
        packed(payload),
        packed(metadata),
        NULL if new.draws is None else packed(new.draws.encode()),
    )


def _packed(rows: Sequence[Sequence[bytes]], size: int) -> PackedEvents:
    if not rows:
        return _NO_EVENTS
    columns = (
        rows[0] if len(rows) == 1 else [b"".join(column) for column in zip(*rows, strict=True)]
    )
    workspaces, streams, versions, types, payloads, metadatas, draws = columns
    return PackedEvents(
        len(rows),
        workspaces,
        streams,
        versions,
        types,
        payloads,
        metadatas,
        None if draws == NULL * len(rows) else draws,
        size,
    )


def _checked_size(payload: bytes, metadata: bytes) -> int:
    size = len(payload) + len(metadata)
    if size > MAX_EVENT_BYTES:
        detail = f"This makes an event of {size} bytes; {MAX_EVENT_BYTES} is the most."
        raise invalid("", detail, "too-big")
    return size


def _metadata(commit: Commit, new: NewEvent, sealer: Sealer) -> bytes:
    origin = commit.origin
    return encode_metadata(
        Metadata(
            origin.actor,
            commit.command_id,
            origin.via,
            origin.request_id,
            origin.correlation_id,
            origin.causation_id,
            origin.key_id,
            new.occurred_at,
            new.draws,
            new.touches,
            None if origin.ip is None else _sealed(origin.ip, IP, sealer),
            None if origin.reason is None else _sealed(origin.reason, REASON, sealer),
        )
    )


def _sealed(text: Text, field: str, sealer: Sealer) -> object:
    return (
        ERASED_TEXT if isinstance(text, Erased) else sealed_text(sealer.seal(field, text.encode()))
    )


def _owners(commit: Commit, new: NewEvent, codec: EventCodec) -> Iterator[tuple[str, KeyName]]:
    """Whose key each sealed field of an event needs."""
    actor = commit.origin.actor
    author = new.author or actor
    of_author = content_key(new.workspace_id, author)
    for field in codec.sealed:
        value = getattr(new.event, field.name)
        if isinstance(value, Erased) or field.is_empty(value):
            continue
        if field.kind == "identity":
            subject = new.subject or author
            yield field.name, identity_key(new.authors.get(field.name, subject))
        elif field.name in new.authors:
            yield field.name, content_key(new.workspace_id, new.authors[field.name])
        else:
            yield field.name, of_author
    if isinstance(commit.origin.ip, str):
        yield IP, identity_key(actor)
    if isinstance(commit.origin.reason, str):
        yield REASON, content_key(new.workspace_id, actor)


def _check(commit: Commit) -> None:
    """What no caller of ours may get wrong; the log could never be mended."""
    if len(commit.command_id) != COMMAND_ID_BYTES:
        raise ValueError(f"a command id is {COMMAND_ID_BYTES} bytes")
    if commit.main_stream not in commit.expected:
        raise ValueError("the main stream of a commit is one that it writes or asserts")
    for new in commit.events:
        if new.stream not in commit.expected:
            raise ValueError(f"{new.stream} is written without an expected version")
        if new.occurred_at is not None and new.occurred_at.tzinfo is None:
            raise ValueError("occurred_at has no time zone")
    if commit.claims and not commit.events:
        raise ValueError("a claim is taken or given back by a commit that has events")
    if len(commit.events) > MAX_COMMIT_EVENTS:
        raise invalid("", "This is too much for one command: split it.", "too-big")
