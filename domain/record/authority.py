"""What a time stamp shows (RFC 3161): when a tree was signed, by an authority's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.note import NoteBroken, parse_note
from domain.record.note_keys import NobodyKnown, SignatureBroken, open_note
from domain.record.timestamp import NotStamped, Stamp, stamped_bytes
from domain.record.tree import verify_consistency
from domain.record.trust import TrustedKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Stamped:
    """`at`, in microseconds since 1970: then the tree of `size` leaves was signed already."""

    at: int
    size: int


def load_certificates(pem: bytes) -> list[Certificate]:
    """Those of an authority that is trusted. Raises NotStamped."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise NotStamped(f"no certificates in PEM: {error}") from error


def response_time(response: bytes) -> int:
    """What it says, whether or not that holds. Raises NotStamped."""
    try:
        return (decode_timestamp_response(response).tst_info.gen_time - _EPOCH) // _MICROSECOND
    except ValueError as error:
        raise NotStamped(f"no answer of an authority: {error}") from error


def verify_response(
    response: bytes, message: bytes, authorities: Sequence[Certificate], nonce: int | None = None
) -> int:
    """When the message was there already, in microseconds since 1970. Raises NotStamped."""
    builder = VerifierBuilder() if nonce is None else VerifierBuilder().nonce(nonce)
    for each in dict.fromkeys(authorities):
        builder = builder.add_root_certificate(each)
    try:
        builder.build().verify_message(decode_timestamp_response(response), message)
    except (VerificationError, ValueError) as error:
        why = str(error)[:_MOST_TOLD]
        raise NotStamped(f"the authority's answer does not hold: {why}") from error
    return response_time(response)


def verify_stamp(
    stamp: Stamp,
    size: int,
    root: bytes,
    trusted: Sequence[TrustedKey],
    authorities: Sequence[Certificate],
) -> Stamped:
    """The tree of this size and root is part of one that a trusted key had signed at that time.

    Raises NotStamped.
    """
    try:
        note = parse_note(stamp.note)
        later = parse_checkpoint(note.text)
        open_note(note, [each.key for each in trusted if _counts(each, later)])
        message = stamped_bytes(note)
    except (NoteBroken, NobodyKnown, SignatureBroken) as error:
        raise NotStamped(f"its checkpoint: {error}") from error
    if not _goes_on(later, size, root, stamp.proof):
        raise NotStamped("its tree is not shown to go on from the one of the bundle")
    return Stamped(verify_response(stamp.response, message, authorities), later.size)


def _counts(trusted: TrustedKey, of: Checkpoint) -> bool:
    return trusted.key.name == of.origin and (of.at is None or trusted.valid_at(of.at))


def _goes_on(later: Checkpoint, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    return verify_consistency(size, later.size, root, later.root, proof)
