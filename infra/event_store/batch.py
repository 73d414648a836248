"""Commits that are appended together: which may share a batch, how they are sent, and what the
log says about each."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from commands.commit import Receipt
from commands.ports import StreamMoved
from domain.errors import Kind, Refused, key_reused
from domain.values.frozen import dataclass
from infra.event_store.encoder import EncodedCommit
from infra.event_store.rows import moment
from infra.postgres.arrays import (
    NULL,
    BigintArray,
    Binary,
    BooleanArray,
    ByteaArray,
    IntegerArray,
    Null,
    TextArray,
    Uuid,
    UuidArray,
)
from infra.postgres.pool import Connection
from infra.postgres.prepared import fetch_prepared

MAX_EVENTS = 256
MAX_BYTES = 1024 * 1024

Verdict = Receipt | Refused

_PARAMETERS = ", ".join(["%s"] * 29)
APPEND = f"SELECT head_before, recorded_at, numbers, refused::text FROM log.append({_PARAMETERS})"


async def append_within(
    connection: Connection, log_id: uuid.UUID, commit: EncodedCommit
) -> Receipt:
    """Append one commit in the transaction that `connection`, one of a pool's, is in. Raises
    Refused."""
    [row] = await fetch_prepared(connection, APPEND, parameters(log_id, [commit]))
    [verdict] = verdicts([commit], row).verdicts
    if not isinstance(verdict, Receipt):
        raise verdict
    return verdict


class Batch:
    """Commits of which none changes what another one asserts or changes.

    `offer` takes a commit or not. What it once refused keeps its place: nothing that conflicts
    with it is taken after it, so that commits on one stream stay in their order.
    """

    def __init__(self) -> None:
        self.commits: list[EncodedCommit] = []
        self.events = 0
        self.full = False
        self._size = 0
        self._command_ids: set[bytes] = set()
        self._asserted: set[str] = set()
        self._written: set[str] = set()
        self._guarded: set[str] = set()
        self._touched: set[str] = set()
        self._claimed: set[tuple[str, bytes]] = set()

    def offer(self, commit: EncodedCommit) -> bool:
        fits = not self.full and self._has_room(commit)
        takes = fits and not self._conflicts(commit)
        if takes:
            self.commits.append(commit)
            self.events += commit.events.count
            self._size += commit.events.size
        elif not fits:
            self.full = True
        self._reserve(commit)
        return takes

    def _has_room(self, commit: EncodedCommit) -> bool:
        if not self.commits:
            return True
        return (
            len(self.commits) < MAX_EVENTS
            and self.events + commit.events.count <= MAX_EVENTS
            and self._size + commit.events.size <= MAX_BYTES
        )

    def _conflicts(self, commit: EncodedCommit) -> bool:
        return not (
            commit.command_id not in self._command_ids
            and self._asserted.isdisjoint(commit.written)
            and self._written.isdisjoint(commit.expected)
            and self._guarded.isdisjoint(commit.touched)
            and self._touched.isdisjoint(commit.guards)
            and self._claimed.isdisjoint(commit.claimed)
        )

    def _reserve(self, commit: EncodedCommit) -> None:
        self._command_ids.add(commit.command_id)
        self._asserted.update(commit.expected)
        self._written.update(commit.written)
        self._guarded.update(commit.guards)
        self._touched.update(commit.touched)
        self._claimed.update(commit.claimed)


def parameters(log_id: uuid.UUID, commits: Sequence[EncodedCommit]) -> list[Binary]:
    """The arguments of `log.append`."""
    last_events: list[int] = []
    event_commits: list[int] = []
    reads: dict[tuple[str, int], int] = {}
    reader_commits: list[int] = []
    reader_reads: list[int] = []
    touch_events: list[int] = []
    touch_names: list[str] = []
    events = 0
    for ordinal, commit in enumerate(commits, 1):
        for read in commit.reads:
            reader_commits.append(ordinal)
            reader_reads.append(reads.setdefault(read, len(reads) + 1))
        for event, name in zip(commit.touching, commit.touched, strict=True):
            touch_events.append(events + event)
            touch_names.append(name)
        count = commit.events.count
        event_commits += [ordinal] * count
        events += count
        last_events.append(events if count else 0)
    packs = [commit.events for commit in commits]
    return [
        Uuid(log_id),
        UuidArray.of([commit.command_id for commit in commits]),
        TextArray.of([commit.workspace_id for commit in commits]),
        TextArray.of([commit.main_stream for commit in commits]),
        IntegerArray.of([commit.main_version for commit in commits]),
        ByteaArray.of([commit.digest for commit in commits]),
        IntegerArray.of(last_events),
        IntegerArray.of(event_commits),
        TextArray([pack.workspaces for pack in packs], events),
        TextArray([pack.streams for pack in packs], events),
        IntegerArray([pack.versions for pack in packs], events),
        TextArray([pack.types for pack in packs], events),
        ByteaArray([pack.payloads for pack in packs], events),
        ByteaArray([pack.metadatas for pack in packs], events),
        _draws(commits, events),
        TextArray.of([stream for stream, _ in reads]),
        IntegerArray.of([version for _, version in reads]),
        IntegerArray.of(reader_commits),
        IntegerArray.of(reader_reads),
        *_guards(commits),
        *(
            [IntegerArray.of(touch_events), TextArray.of(touch_names)]
            if touch_names
            else _NO_TOUCHES
        ),
        *_claims(commits),
    ]


class _Refusal(msgspec.Struct, tag_field="verdict"):
    commit: int


class _Duplicate(_Refusal, tag="duplicate"):
    position: int
    recorded_at: int
    main_stream: str
    main_version: int
    digest: str | None


class _Moved(_Refusal, tag="moved"):
    streams: list[str]
    guards: list[str]


class _Claimed(_Refusal, tag="claimed"):
    claim: int


_refusals = msgspec.json.Decoder(list[_Duplicate | _Moved | _Claimed])


@dataclass(frozen=True, slots=True)
class Appended:
    """What the log did with a batch: its last position after it, how much was appended, and a
    verdict for each commit."""

    position: int
    commits: int
    events: int
    verdicts: list[Verdict]


def verdicts(commits: Sequence[EncodedCommit], row: Sequence[Any]) -> Appended:
    """Read what `log.append` returned."""
    head_before: int = row[0]
    recorded_at: datetime = row[1].astimezone(UTC)
    numbers: list[int | None] | None = row[2]
    refused: dict[int, _Duplicate | _Moved | _Claimed] = {}
    if row[3] is not None:
        refused = {each.commit: each for each in _refusals.decode(row[3])}
    position = head_before
    event = 0
    result: list[Verdict] = []
    for ordinal, commit in enumerate(commits, 1):
        count = commit.events.count
        event += count
        refusal = refused.get(ordinal)
        if refusal is not None:
            result.append(_refused(refusal, commits))
            continue
        position += count
        drawn = (None,) * count if numbers is None else tuple(numbers[event - count : event])
        result.append(
            Receipt(
                position if count else head_before,
                recorded_at,
                commit.main_stream,
                commit.main_version,
                drawn,
            )
        )
    return Appended(position, len(commits) - len(refused), position - head_before, result)


def replay(
    commit_digest: bytes | None,
    stored_digest: bytes | None,
    position: int,
    recorded_at: datetime,
    main_stream: str,
    main_version: int,
) -> Verdict:
    """The first answer to a command that is in the log; a refusal where it was another request."""
    if commit_digest is not None and stored_digest != commit_digest:
        return key_reused()
    at = recorded_at.astimezone(UTC)
    return Receipt(position, at, main_stream, main_version, replayed=True)


def _refused(refusal: _Duplicate | _Moved | _Claimed, commits: Sequence[EncodedCommit]) -> Verdict:
    match refusal:
        case _Duplicate():
            return replay(
                commits[refusal.commit - 1].digest,
                None if refusal.digest is None else bytes.fromhex(refusal.digest),
                refusal.position,
                moment(refusal.recorded_at),
                refusal.main_stream,
                refusal.main_version,
            )
        case _Moved():
            return StreamMoved(refusal.streams, refusal.guards)
        case _Claimed():
            claims = [claim for commit in commits for claim in commit.claims]
            field = claims[refusal.claim - 1].field
            return Refused(Kind.ALREADY_EXISTS, f"This {field} is taken.", field=field)


# NULLs, for what most batches have not.
_NO_DRAWS = Null(TextArray)
_NO_TOUCHES = (Null(IntegerArray), Null(TextArray))
_NO_GUARDS = (Null(IntegerArray), Null(TextArray), Null(BigintArray))
_NO_CLAIMS = tuple(
    Null(kind) for kind in (IntegerArray, TextArray, ByteaArray, TextArray, BooleanArray)
)


def _draws(commits: Sequence[EncodedCommit], events: int) -> Binary:
    if all(commit.events.draws is None for commit in commits):
        return _NO_DRAWS
    return TextArray(
        [
            NULL * commit.events.count if commit.events.draws is None else commit.events.draws
            for commit in commits
        ],
        events,
    )


def _guards(commits: Sequence[EncodedCommit]) -> Iterable[Binary]:
    if not any(commit.guards for commit in commits):
        return _NO_GUARDS
    rows = [
        (ordinal, name, position)
        for ordinal, commit in enumerate(commits, 1)
        for name, position in commit.guards.items()
    ]
    ordinals, names, positions = zip(*rows, strict=True)
    return IntegerArray.of(ordinals), TextArray.of(names), BigintArray.of(positions)


def _claims(commits: Sequence[EncodedCommit]) -> Iterable[Binary]:
    if not any(commit.claims for commit in commits):
        return _NO_CLAIMS
    rows = [
        (ordinal, claim) for ordinal, commit in enumerate(commits, 1) for claim in commit.claims
    ]
    claims = [claim for _, claim in rows]
    return (
        IntegerArray.of([ordinal for ordinal, _ in rows]),
        TextArray.of([claim.scope for claim in claims]),
        ByteaArray.of([claim.value_hmac for claim in claims]),
        TextArray.of([claim.owner for claim in claims]),
        BooleanArray.of([claim.holding for claim in claims]),
    )
