"""Makes ids: fresh ones from the clock (UUIDv7), and ones that follow from what they name."""

import hashlib
import hmac

from typeid import TypeID
from typeid.codecs import base32

from domain.values.ids import KINDS


def new_id(kind: str) -> str:
    """A fresh TypeID of this kind; ids made later sort later, by the millisecond."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of id: {kind}")
    return str(TypeID(kind))


def derived_id(kind: str, secret: bytes, *parts: str) -> str:
    """The id that these parts always get under this secret, and that nobody can guess without it.

    A UUIDv8 (RFC 9562), cut from an HMAC-SHA256 over the parts, each with its length before it.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of id: {kind}")
    mac = hmac.new(secret, digestmod=hashlib.sha256)
    for part in (kind, *parts):
        encoded = part.encode()
        mac.update(len(encoded).to_bytes(4, "big") + encoded)
    raw = bytearray(mac.digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return f"{kind}_{base32.encode(bytes(raw))}"
