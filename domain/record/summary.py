"""The event that sums up all chains, with a workspace's place in it."""

import struct
from dataclasses import dataclass
from hashlib import sha256

from domain.record.chains import Chain, ChainPlace
from domain.record.disclosure import NotReadable, read_map
from domain.record.encoding import body_hash, lp
from domain.record.encoding import link as next_link
from domain.record.entry import MOST_CONTENT, Envelope, read_envelope
from domain.record.window import NotValid, Window

SYSTEM = "system"
SUMMED = "ChainsSummed.v1"
MOST_PROOF = 64

_u16 = struct.Struct(">H")
_two_u64 = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True)
class Summary:
    """The event at `position` is the `count`-th of the workspace `system`."""

    position: int
    count: int
    previous_link: bytes
    envelope: Envelope
    payload: bytes
    place: ChainPlace

    @property
    def link(self) -> bytes:
        body = body_hash(SYSTEM, self.envelope.content, sha256(self.payload).digest())
        return next_link(self.count, self.previous_link, body)

    def upto(self) -> int:
        """Where the chains stood as it says: just after this position. Raises NotReadable where it
        is no event that sums up chains, or not this chain's place among them."""
        if self.envelope.type != SUMMED:
            raise NotReadable(f"an event {self.envelope.type} sums up nothing")
        summed = read_map(self.payload)
        upto = summed.get("upto")
        if type(upto) is not int or not 0 < upto < self.position:
            raise NotReadable("it does not say up to where")
        workspaces = summed.get("workspaces")
        if type(workspaces) is not int or workspaces != self.place.workspaces:
            raise NotReadable("it is about another number of workspaces")
        try:
            root = self.place.root()
        except ValueError as error:
            raise NotReadable(str(error)) from error
        if summed.get("root") != root:
            raise NotReadable("the workspace's place does not lead to its root")
        return upto


def encode_summary(
    position: int,
    count: int,
    previous_link: bytes,
    envelope: bytes,
    payload: bytes,
    place: ChainPlace,
) -> bytes:
    """The section; `envelope` as `encoding.envelope` makes it."""
    return b"".join(
        (
            _two_u64.pack(position, count),
            previous_link,
            envelope,
            lp(payload),
            place.chain.count.to_bytes(8),
            place.chain.link,
            _two_u64.pack(place.index, place.workspaces),
            _u16.pack(len(place.proof)),
            *place.proof,
        )
    )


def read_summary(window: Window, workspace: str) -> Summary:
    """Raises NotValid."""
    position, count = window.u64(), window.u64()
    previous_link = window.hash()
    envelope = read_envelope(window)
    payload = window.sized(MOST_CONTENT)
    chain = Chain(workspace, window.u64(), window.hash())
    index, workspaces = window.u64(), window.u64()
    number = window.u16()
    if number > MOST_PROOF:
        raise NotValid(f"a proof of {number} hashes", window.offset - 2)
    proof = tuple(window.hash() for _ in range(number))
    window.finished()
    if position < 1 or count < 1 or chain.count < 1:
        raise NotValid("events are counted from 1", window.offset)
    place = ChainPlace(chain, index, workspaces, proof)
    return Summary(position, count, previous_link, envelope, payload, place)
