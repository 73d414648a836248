"""What makes an ID token good (OpenID Connect Core 1.0, 3.1.3.7): who signed it, when, for whom."""

from collections.abc import Mapping
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

# Signatures that only the provider can make: none without a key, and none by a shared secret.
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448",
)  # fmt: skip
_LEEWAY_S: Final = 60
_SUBJECT_CHARACTERS: Final = 255


class Untrusted(Exception):
    """What the provider is said to have said cannot be believed; the message says why, and names
    nobody."""


class UnknownKey(Untrusted):
    """It is signed by a key that is not among those known."""


def checked(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str | None,
    now: float,
) -> Mapping[str, Any]:
    """The claims of an ID token that was asked for with this nonce.

    Raises Untrusted, and UnknownKey where other keys may tell otherwise.
    """
    try:
        parsed = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError:
        raise UnknownKey("the ID token is signed by an unknown key") from None
    except (JoseError, ValueError) as error:
        raise Untrusted(f"the ID token cannot be read: {_why(error)}") from None
    claims = CodeIDToken(
        parsed.claims,
        parsed.header,
        options={
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client_id},
            "sub": {"essential": True},
        },
        params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=int(now), leeway=_LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Untrusted(f"the ID token does not hold: {_why(error)}") from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_CHARACTERS:
        raise Untrusted("the ID token names nobody")
    return claims


def _why(error: Exception) -> str:
    """Names a claim at most, never what it says."""
    claim = getattr(error, "claim", None)
    return f"{type(error).__name__} {claim}" if claim else type(error).__name__
