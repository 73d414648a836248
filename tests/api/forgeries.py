"""What a provider never said: its token changed in every way that has been tried on others."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.api import provider as there
from tests.api.provider import Provider


def resigned(token: str, key: RSAKey, **claims: Any) -> str:
    """The same with other claims, signed by whoever has the key."""
    parts = [json.loads(urlsafe_b64decode(each + "==")) for each in token.split(".")[:2]]
    return jwt.encode(parts[0], {**parts[1], **claims}, key, [parts[0]["alg"]])


_NONE, _SECRET = b'{"alg":"none"}', b'{"alg":"HS256"}'


def _unsigned(token: str) -> str:
    return f"{_encoded(_NONE)}.{token.split('.')[1]}."


def _by_secret(token: str, secret: bytes) -> str:
    said = f"{_encoded(_SECRET)}.{token.split('.')[1]}"
    return f"{said}.{_encoded(hmac.digest(secret, said.encode(), 'sha256'))}"


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


FORGERIES: dict[str, Callable[[Provider, str], str]] = {
    "signed by nobody": lambda _, token: _unsigned(token),
    "without its signature": lambda _, token: token.rpartition(".")[0] + ".",
    "signed by another key": lambda provider, token: resigned(
        token, RSAKey.generate_key(2048, {"kid": str(provider.key.kid)})
    ),
    "signed by the public key as a shared secret": lambda provider, token: _by_secret(
        token, provider.key.as_pem(private=False)
    ),
    "for another audience": lambda provider, token: resigned(
        token, provider.key, aud="somebody else"
    ),
    "for several, and not by us": lambda provider, token: resigned(
        token, provider.key, aud=[there.CLIENT_ID, "b"], azp="b"
    ),
    "by another issuer": lambda provider, token: resigned(
        token, provider.key, iss="http://127.0.0.1:1"
    ),
    "of before": lambda provider, token: resigned(token, provider.key, exp=int(time.time()) - 61),
    "with another nonce": lambda provider, token: resigned(token, provider.key, nonce="another"),
    "without a nonce": lambda provider, token: resigned(token, provider.key, nonce=None),
    "about nobody": lambda provider, token: resigned(token, provider.key, sub=""),
    "with another access token": lambda provider, token: resigned(
        token, provider.key, at_hash="another"
    ),
}
