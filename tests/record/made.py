"""A made log of several workspaces, and bundles of it, for whoever verifies bundles."""

import random
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from types import MappingProxyType
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.msgpack import Ext

from domain.record import encoding, times
from domain.record.bundle import BundleWriter, Kind
from domain.record.chains import Chain, ChainPlace, chain_place, chains_root
from domain.record.checkpoint import Checkpoint
from domain.record.disclosure import SEALED, commitment, place
from domain.record.entry import Envelope, disclosed_entry, edge_entry, withheld_entry
from domain.record.manifest import Asked, Filter, Manifest
from domain.record.note import Note
from domain.record.note_keys import KeyKind, VerifierKey
from domain.record.subset import subset_spans
from domain.record.summary import SUMMED, SYSTEM, encode_summary
from domain.record.tree import leaf_hash, levels_of, span_hash

LOG_ID = "8f14e45f-ceea-4672-9bd1-a5a5a5a5a5a5"
ORIGIN = f"tasks.example/{LOG_ID}"
MINE = "ws_01jmine"
THEIRS = "ws_01jtheirs"
START = times.read("2026-01-31T12:00:00.000000Z")
SECOND = 1_000_000


@dataclass(frozen=True)
class Signer:
    key: VerifierKey
    sign: Callable[[bytes], bytes]
    timestamp: int = 0


def signer(seed: int = 1, origin: str = ORIGIN) -> Signer:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw()
    return Signer(VerifierKey(origin, KeyKind.ED25519, public), private.sign)


def witness(seed: int, name: str) -> Signer:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw()
    key = VerifierKey(name, KeyKind.ED25519_COSIGNATURE, public)
    return Signer(key, private.sign, 1_800_000_000)


@dataclass(frozen=True)
class Event:
    """As the log has it; `keys` are those of its sealed fields."""

    position: int
    workspace: str
    count: int
    envelope: Envelope
    payload: bytes
    link: bytes
    keys: Mapping[str, bytes]


@dataclass
class MadeLog:
    """Everything in it follows from `seed`. `misstated` is what its summaries say wrongly."""

    seed: int = 0
    misstated: Mapping[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    chains: dict[str, Chain] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    @property
    def now(self) -> int:
        return START + len(self.events) * SECOND

    def append(
        self,
        workspace: str,
        stream: str,
        type_name: str,
        fields: Mapping[str, Any],
        *,
        sealed: Iterable[str] = (),
        actor: str = "user_01jann",
        reason: str | None = None,
        at: int | None = None,
    ) -> Event:
        version = self.versions.get(stream, 0) + 1
        self.versions[stream] = version
        where = place(workspace, stream, version, type_name)
        keys: dict[str, bytes] = {}
        payload = dict(fields)
        for name in sealed:
            keys[name], payload[name] = self._seal(
                where, name, msgspec.msgpack.encode(payload[name])
            )
        metadata: dict[str, Any] = {"actor": actor, "command": self.random.randbytes(16)}
        if reason is not None:
            name = "metadata.reason"
            keys[name], metadata["reason"] = self._seal(where, name, reason.encode())
        stored, about = msgspec.msgpack.encode(payload), msgspec.msgpack.encode(metadata)
        return self.append_stored(
            workspace, stream, version, type_name, at or self.now, stored, about, keys
        )

    def create(self, workspace: str, task: int, title: str, **more: Any) -> Event:
        stream = f"task_{b32encode(task.to_bytes(5)).decode().lower()}"
        fields = {"project_id": "proj_01j", "title": title, "description": "", "priority": 2}
        return self.append(workspace, stream, "TaskCreated.v1", fields, sealed=("title",), **more)

    def sum_up(self) -> tuple[Event, Sequence[Chain]]:
        """The event that says where all chains stand now."""
        chains = list(self.chains.values())
        fields = {
            "upto": len(self.events),
            "workspaces": len(chains),
            "root": chains_root(chains),
            **self.misstated,
        }
        event = self.append(SYSTEM, "ledger_01j", SUMMED, fields, actor="system")
        return event, chains

    def note(
        self, signers: Sequence[Signer] = (), at: int | None = None
    ) -> tuple[Checkpoint, bytes]:
        """A checkpoint of all that is in the log."""
        levels = self.levels()
        size = len(self.events)
        root = span_hash((0, size), lambda level, index: levels[level][index])
        signers = signers or [signer()]
        origin = signers[0].key.name
        checkpoint = Checkpoint(origin, size, root, at or self.now)
        text = checkpoint.text()
        made = [each.key.sign(text, each.sign, each.timestamp) for each in signers]
        return checkpoint, Note(text, tuple(made)).encode()

    def levels(self) -> list[list[bytes]]:
        return levels_of(
            [leaf_hash(encoding.leaf(each.position, each.link)) for each in self.events]
        )

    def _seal(self, where: bytes, name: str, plaintext: bytes) -> tuple[bytes, Ext]:
        key = self.random.randbytes(32)
        nonce = self.random.randbytes(12)
        sealed = AESGCM(key).encrypt(nonce, plaintext, where + name.encode())
        return key, Ext(SEALED, self.random.randbytes(16) + commitment(key) + nonce + sealed)

    def append_stored(
        self,
        workspace: str,
        stream: str,
        version: int,
        type_name: str,
        at: int,
        stored: bytes,
        about: bytes,
        keys: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Event:
        """Payload and metadata as they are."""
        content = encoding.envelope(stream, version, type_name, at, None, about)
        chain = self.chains.get(workspace, Chain(workspace, 0, encoding.NO_LINK))
        body = encoding.body_hash(workspace, content, sha256(stored).digest())
        link = encoding.link(chain.count + 1, chain.link, body)
        self.chains[workspace] = Chain(workspace, chain.count + 1, link)
        envelope = Envelope(content, stream, version, type_name, at, 0, about)
        position = len(self.events) + 1
        event = Event(position, workspace, chain.count + 1, envelope, stored, link, keys)
        self.events.append(event)
        return event


@dataclass
class Parts:
    """What a bundle is put together from; a test that forges one changes them."""

    manifest: Manifest
    note: bytes
    keys: Sequence[str]
    summed: Event
    summed_before: bytes
    place: ChainPlace
    proof: Sequence[bytes]
    entries: Sequence[bytes]

    def bundle(self) -> bytes:
        file = BytesIO()
        writer = BundleWriter(file.write)
        summed = self.summed
        summary = encode_summary(
            summed.position,
            summed.count,
            self.summed_before,
            summed.envelope.content,
            summed.payload,
            self.place,
        )
        for kind, pieces in (
            (Kind.MANIFEST, [self.manifest.encode()]),
            (Kind.CHECKPOINT, [self.note]),
            (Kind.KEYS, [f"{key}\n".encode() for key in self.keys]),
            (Kind.SUMMARY, [summary]),
            (Kind.PROOF, self.proof),
            (Kind.ENTRIES, self.entries),
        ):
            writer.section(kind, sum(map(len, pieces)), pieces)
        writer.finish()
        return file.getvalue()


def parts_of(
    log: MadeLog,
    workspace: str = MINE,
    wanted: Filter = Filter(),  # noqa: B008 - it is frozen
    *,
    signers: Sequence[Signer] = (),
) -> Parts:
    """A bundle of what a filter finds, once the log is summed up and signed."""
    asked = Asked.by(wanted)
    summed, chains = log.sum_up()
    mine = [each for each in log.events[: summed.position - 1] if each.workspace == workspace]
    begins = 1 + sum(asked.is_before(each.envelope.recorded_at) for each in mine)
    ends = sum(not asked.is_after(each.envelope.recorded_at) for each in mine)
    shown = mine[max(begins - 2, 0) : ends + 1]
    matching = {each.count for each in mine if asked.match(each.envelope)}
    signers = signers or [signer()]
    _, note = log.note(signers)
    system = [each for each in log.events if each.workspace == SYSTEM]
    return Parts(
        Manifest(
            workspace_id=workspace,
            log_id=LOG_ID,
            filter=wanted,
            first_count=shown[0].count,
            entries=len(shown),
            disclosed=len(matching),
            previous_link=_link_before(mine, shown[0]).hex(),
            complete_from=begins,
            complete_to=ends,
        ),
        note,
        [each.key.encode() for each in signers],
        summed,
        _link_before(system, summed),
        chain_place(chains, workspace),
        proof_of(log, [each.position for each in [*shown, summed]]),
        [
            disclosed(each)
            if each.count in matching
            else withheld(each)
            if begins <= each.count <= ends
            else edge(each)
            for each in shown
        ],
    )


def proof_of(log: MadeLog, positions: Iterable[int]) -> Sequence[bytes]:
    """That what stands at these positions is in the tree of all that is in the log."""
    levels = log.levels()
    spans = subset_spans([each - 1 for each in positions], len(log.events))
    return [span_hash(span, lambda level, index: levels[level][index]) for span in spans]


def _link_before(chain: Sequence[Event], event: Event) -> bytes:
    return encoding.NO_LINK if event.count == 1 else chain[event.count - 2].link


def disclosed(event: Event) -> bytes:
    content, keys = event.envelope.content, event.keys.items()
    return disclosed_entry(event.position, event.link, content, event.payload, keys)


def withheld(event: Event) -> bytes:
    hashed = sha256(event.payload).digest()
    body = encoding.body_hash(event.workspace, event.envelope.content, hashed)
    return withheld_entry(event.position, event.link, body)


def edge(event: Event) -> bytes:
    hashed = sha256(event.payload).digest()
    return edge_entry(event.position, event.link, event.envelope.content, hashed)


def small_log(seed: int = 0) -> MadeLog:
    """A few tasks of two workspaces, with sealed titles and a reason."""
    log = MadeLog(seed)
    log.append(SYSTEM, "user_01jann", "UserRegistered.v1", {"name": "Ann"}, sealed=("name",))
    log.sum_up()
    for n in range(3):
        log.create(MINE, n, f"Task {n}")
        log.create(THEIRS, 100 + n, f"Secret {n}")
    log.create(MINE, 7, "Überfällig", reason="asked for by Bob", actor="user_01jbob")
    stream = log.events[2].envelope.stream
    log.append(MINE, stream, "TaskStatusChanged.v1", {"was": "todo", "now": "done"})
    log.create(THEIRS, 111, "Secret")
    return log
