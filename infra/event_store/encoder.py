"""A commit made ready for the log: sealed, encoded and packed before it joins a batch."""

import hmac
from collections.abc import Collection, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

from commands.commit import Claim, Commit, NewEvent
from domain.errors import invalid
from domain.record.disclosure import place
from domain.values.frozen import dataclass
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
from infra.event_store.sealing import Sealer
from infra.keys.content_keys import KeyName, KeyRing, SealingKey, content_key, identity_key
from infra.postgres.arrays import NULL, packed, packed_integer, packed_name

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


class EventRow(NamedTuple):
    """An event as the log will hold it, but for what only the log knows."""

    workspace_id: str
    stream: str
    version: int
    type: str
    payload: bytes
    metadata: bytes
    draws: str | None = None


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


FieldKeys = dict[str, SealingKey | None]
Owners = dict[str, KeyName]


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
        rows = await self.rows(commit)
        return encoded(commit, rows, [self._held(claim) for claim in commit.claims])

    async def rows(self, commit: Commit) -> list[EventRow]:
        """The events of a commit alone; raises the same."""
        _check(commit)
        codecs = [self._codec.of(new.event) for new in commit.events]
        owners = list(map(_owners, repeat(commit), commit.events, codecs))
        found: dict[KeyName, SealingKey | None] = {}
        keys, missing = self._keys(owners, found)
        while missing:
            obtained = await self._ring.obtain(missing)
            # Who was erased writes no more: what is said to be theirs is written as erased.
            found.update({name: obtained.get(name) for name in missing})
            keys, missing = self._keys(owners, found)
        versions = dict(commit.expected)
        rows = []
        try:
            for new, codec, of_fields in zip(commit.events, codecs, keys, strict=True):
                version = versions[new.stream] = versions[new.stream] + 1
                rows.append(_row(commit, new, version, codec, of_fields))
        except UnicodeEncodeError as error:
            raise invalid("", f"This holds what is no text: {error}") from error
        return rows

    def claim_hmac(self, scope: str, value: str) -> bytes:
        return hmac.digest(self._claim_secret, f"{scope}\0{value}".encode(), "sha256")

    def _keys(
        self, owners: Sequence[Owners], found: Mapping[KeyName, SealingKey | None]
    ) -> tuple[list[FieldKeys], set[KeyName]]:
        """For each event the keys of its fields, and the names of those that are not here yet."""
        keys: list[FieldKeys] = []
        missing = set()
        cached = self._ring.cached
        for of_event in owners:
            of_fields: FieldKeys = {}
            for field, name in of_event.items():
                key = of_fields[field] = cached(name)
                if key is None:
                    if name in found:
                        of_fields[field] = found[name]
                    else:
                        missing.add(name)
            keys.append(of_fields)
        return keys, missing

    def _held(self, claim: Claim) -> HeldClaim:
        value_hmac = self.claim_hmac(claim.scope, claim.value)
        return HeldClaim(claim.scope, value_hmac, claim.owner, claim.holding, claim.field)


def encoded(
    commit: Commit, rows: Sequence[EventRow], claims: Sequence[HeldClaim] = ()
) -> EncodedCommit:
    """A commit whose events are `rows`. Raises Invalid for more than one statement may hold."""
    events = _packed(rows)
    if events.size > MAX_COMMIT_BYTES:
        raise invalid("", "This is too much for one command: split it.", "too-big")
    written = {row.stream for row in rows}
    touching = []
    touched = []
    for ordinal, new in enumerate(commit.events, 1):
        for name in new.touches:
            touching.append(ordinal)
            touched.append(name)
    main = commit.main_stream
    return EncodedCommit(
        commit.command_id,
        commit.workspace_id,
        main,
        commit.expected[main] + sum([row.stream == main for row in rows]),
        commit.request_digest,
        events,
        commit.expected,
        written,
        [read for read in commit.expected.items() if read[0] not in written],
        commit.guards,
        touching,
        touched,
        claims,
        [(claim.scope, claim.value_hmac) for claim in claims],
    )


def _packed(rows: Sequence[EventRow]) -> PackedEvents:
    workspaces, streams, versions, types, payloads, metadatas, draws = [], [], [], [], [], [], []
    for workspace_id, stream, version, type_, payload, metadata, drawn in rows:
        workspaces.append(packed_name(workspace_id))
        streams.append(packed(stream.encode()))
        versions.append(packed_integer(version))
        types.append(packed_name(type_))
        payloads.append(packed(payload))
        metadatas.append(packed(metadata))
        draws.append(NULL if drawn is None else packed_name(drawn))
    some_payloads, some_metadatas = b"".join(payloads), b"".join(metadatas)
    return PackedEvents(
        len(rows),
        b"".join(workspaces),
        b"".join(streams),
        b"".join(versions),
        b"".join(types),
        some_payloads,
        some_metadatas,
        None if draws.count(NULL) == len(draws) else b"".join(draws),
        len(some_payloads) + len(some_metadatas),
    )


def _row(
    commit: Commit, new: NewEvent, version: int, codec: EventCodec, keys: FieldKeys
) -> EventRow:
    sealer = Sealer(place(new.workspace_id, new.stream, version, codec.name), keys)
    payload = codec.encode(new.event, sealer)
    metadata = _metadata(commit, new, codec, sealer)
    size = len(payload) + len(metadata)
    if size > MAX_EVENT_BYTES:
        detail = f"This makes an event of {size} bytes; {MAX_EVENT_BYTES} is the most."
        raise invalid("", detail, "too-big")
    return EventRow(new.workspace_id, new.stream, version, codec.name, payload, metadata, new.draws)


def _metadata(commit: Commit, new: NewEvent, codec: EventCodec, sealer: Sealer) -> bytes:
    origin = commit.origin
    author = new.author or origin.actor
    authors = {field: each for field, each in new.authors.items() if each != author}
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
            author if author != origin.actor and codec.sealed else None,
            authors or None,
        )
    )


def _sealed(text: Text, field: str, sealer: Sealer) -> object:
    sealed = None if isinstance(text, Erased) else sealer.seal(field, text.encode())
    return ERASED_TEXT if sealed is None else sealed_text(sealed)


def _owners(commit: Commit, new: NewEvent, codec: EventCodec) -> Owners:
    """Whose key each sealed field of an event needs."""
    actor = commit.origin.actor
    author = new.author or actor
    of_author = content_key(new.workspace_id, author)
    owners: Owners = {}
    for field in codec.sealed:
        value = getattr(new.event, field.name)
        if isinstance(value, Erased) or field.is_empty(value):
            continue
        if field.kind == "identity":
            subject = new.subject or author
            owners[field.name] = identity_key(new.authors.get(field.name, subject))
        elif field.name in new.authors:
            owners[field.name] = content_key(new.workspace_id, new.authors[field.name])
        else:
            owners[field.name] = of_author
    if isinstance(commit.origin.ip, str):
        owners[IP] = identity_key(actor)
    if isinstance(commit.origin.reason, str):
        owners[REASON] = content_key(new.workspace_id, actor)
    return owners


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
