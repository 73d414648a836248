"""`Idempotency-Key`: the key that a client chose, and what makes two requests the same."""

import hashlib
import hmac
from typing import Final

import orjson

from api.http.bodies import Body
from api.http.call import Call
from api.http.reply import Header
from domain.errors import invalid
from domain.values.frozen import dataclass

# The header of a first answer that is given again.
REPLAYED: Final[Header] = (b"idempotency-replayed", b"true")

_POINTER: Final = "/headers/Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Once:
    """A key that a client chose, and the HMAC of all that its request says but secrets."""

    key: str
    digest: bytes


def once(call: Call, body: Body | None = None) -> Once | None:
    """None where the request brings no key. Raises Invalid for a key that cannot be one."""
    given = call.headers.get(b"idempotency-key")
    if given is None:
        return None
    most = call.house.settings.max_idempotency_key_characters
    key = given.decode("latin-1")
    if not key:
        raise invalid(_POINTER, "An Idempotency-Key is not empty.")
    if len(key) > most:
        raise invalid(_POINTER, f"An Idempotency-Key has at most {most} characters.", "too-long")
    said = orjson.dumps(None if body is None else body.as_sent(), option=orjson.OPT_SORT_KEYS)
    path: str = call.scope["path"]
    message = b"\x00".join((call.method.encode(), path.encode("utf-8", "surrogatepass"), said))
    return Once(key, hmac.digest(call.house.request_digest_key, message, hashlib.sha256))
