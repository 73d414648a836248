"""The witnesses of a log, asked beside its sealing: each for the newest checkpoint, one by one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import httpx2
import structlog

from domain.errors import Refused
from domain.record.note import Note, NoteSignature, parse_note
from domain.record.note_keys import VerifierKey, parse_vkey
from domain.values.frozen import dataclass
from infra.processes.backoff import Backoff
from infra.record.signed import SignedTree
from infra.record.witness_client import ANSWER_WITHIN_S, NotCosigned, Prove, WitnessClient, client
from infra.settings import Settings
from infra.tasks import cancelled

LATE_S: Final = 15.0
"""After so long without its cosignature a witness counts as missing."""

_LONGEST_PAUSE_S: Final = 30.0

log = structlog.get_logger()

Take = Callable[[SignedTree, NoteSignature], Awaitable[None]]
"""Told of each cosignature of a tree that was offered."""


class _One:
    """What is known of one of them."""

    def __init__(self, client: WitnessClient) -> None:
        self.client = client
        self.size = 0
        self.wrong: str | None = None
        self.offered = asyncio.Event()
        self.waiting_since: float | None = None

    def offer(self) -> None:
        self.offered.set()
        if self.waiting_since is None:
            self.waiting_since = time.monotonic()

    def cosigned(self, size: int) -> None:
        self.size = size
        self.waiting_since = time.monotonic() if self.offered.is_set() else None
        if self.wrong is not None:
            log.info("witness_cosigns_again", witness=self.client.key.name)
        self.wrong = None

    def failed(self, why: NotCosigned) -> None:
        self.offered.set()
        if self.wrong != str(why):
            say = log.error if why.contradicts else log.warning
            event = "witness_contradicts" if why.contradicts else "witness_does_not_cosign"
            say(event, witness=self.client.key.name, why=str(why))
        self.wrong = str(why)

    @property
    def late(self) -> bool:
        since = self.waiting_since
        return since is not None and time.monotonic() - since > LATE_S


class Witnesses:
    """`quorum` of them are to have signed: less is told, and stops nothing."""

    def __init__(self, clients: Sequence[WitnessClient], quorum: int) -> None:
        self._all = [_One(each) for each in clients]
        self._quorum = quorum
        self._newest: SignedTree | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Witnesses | None":
        """None where the settings name none."""
        named = [each.split() for each in settings.record_witnesses]
        clients = [WitnessClient(parse_vkey(vkey), url) for vkey, url in named]
        return cls(clients, settings.witness_quorum()) if clients else None

    @property
    def report(self) -> Mapping[str, int | str]:
        """`state` is `running` while as many sign as are wanted; `size` is that of the largest
        tree that so many have cosigned. Nothing where nothing is sealed here."""
        if self._newest is None:
            return {}
        sizes = sorted((one.size for one in self._all), reverse=True)
        return {"state": self._state, "size": sizes[self._quorum - 1]}

    @property
    def _state(self) -> str:
        late = [one for one in self._all if one.late]
        if len(self._all) - len(late) >= self._quorum:
            return "running"
        why = "; ".join(f"{one.client.key.name}: {one.wrong or 'no answer'}" for one in late)
        signing = len(self._all) - len(late)
        return f"{signing} of {len(self._all)} cosign, {self._quorum} are wanted: {why}"

    def begin(self) -> None:
        """Another term, and maybe of another log: nothing is known yet."""
        self._newest = None
        for one in self._all:
            one.client.forget()
            one.size, one.waiting_since = 0, None
            one.offered.clear()

    def offer(self, signed: SignedTree) -> None:
        """The newest checkpoint: who is still asked for an older one is asked for this one next."""
        self._newest = signed
        for one in self._all:
            one.offer()

    async def ask(self, prove: Prove, take: Take) -> None:
        """Until cancelled. Raises what `take` raises."""
        async with client() as http:
            tasks = [asyncio.create_task(self._ask(one, http, prove, take)) for one in self._all]
            try:
                await asyncio.gather(*tasks)
            finally:
                await cancelled(*tasks)
                self.begin()

    async def _ask(self, one: _One, http: httpx2.AsyncClient, prove: Prove, take: Take) -> None:
        backoff = Backoff(longest_s=_LONGEST_PAUSE_S)
        while True:
            await one.offered.wait()
            one.offered.clear()
            signed = self._newest
            assert signed is not None, "an offer is of something"
            try:
                found = await _answer(one.client, http, signed, prove)
            except NotCosigned as why:
                one.failed(why)
                await backoff.wait()
            else:
                one.cosigned(signed.size)
                backoff.reset()
                await take(signed, found)


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of which witnesses are to have signed."""

    keys: tuple[VerifierKey, ...]
    wanted: int

    @classmethod
    def of(cls, settings: Settings) -> "Quorum | None":
        """None where the settings name no witnesses."""
        keys = tuple(parse_vkey(each.split()[0]) for each in settings.record_witnesses)
        return cls(keys, settings.witness_quorum()) if keys else None

    def met_by(self, note: bytes) -> bool:
        """By names and ids: who put the lines there has checked them."""
        signatures = parse_note(note).signatures
        return sum(any(map(key.made, signatures)) for key in self.keys) >= self.wanted


def cosigned(signed: SignedTree, signature: NoteSignature) -> SignedTree:
    """With this one in place of an older one of the same key."""
    note = parse_note(signed.note)
    others = [
        each
        for each in note.signatures
        if (each.name, each.key_id) != (signature.name, signature.key_id)
    ]
    return signed.with_note(Note(note.text, (*others, signature)).encode())


async def _answer(
    witness: WitnessClient, http: httpx2.AsyncClient, signed: SignedTree, prove: Prove
) -> NoteSignature:
    """Raises NotCosigned, after a while at the latest."""
    text = parse_note(signed.note).text
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await witness.cosign(http, signed, text, prove)
    except TimeoutError:
        raise NotCosigned("it does not answer") from None
    except Refused as refused:
        raise NotCosigned(f"no proof for it can be made: {refused.detail}") from refused
