"""Access tokens: short-lived JWTs, checked once and then remembered."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import jwt

from domain.values.frozen import dataclass

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "taskledger"
_REMEMBERED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token it is. `expires_at` is in seconds of the Unix epoch."""

    user_id: str
    session_id: str
    expires_at: float


class AccessTokens:
    """Issues and checks RFC 7519 tokens under one symmetric key."""

    def __init__(
        self, key: bytes, lifetime: timedelta, now: Callable[[], float] = time.time
    ) -> None:
        self._key = key
        self._now = now
        self._seen: dict[str, Bearer] = {}
        self.lifetime = lifetime

    def issue(self, user_id: str, session_id: str) -> str:
        now = int(self._now())
        claims = {
            "iss": _ISSUER,
            "sub": user_id,
            "sid": session_id,
            "iat": now,
            "exp": now + int(self.lifetime.total_seconds()),
        }
        return jwt.encode(claims, self._key, _ALGORITHM, headers={"typ": "at+jwt"})

    def check(self, token: str) -> Bearer | None:
        """Whose it is, or None where it is false, expired or not ours."""
        bearer = self._seen.get(token)
        if bearer is None:
            bearer = self._decode(token)
            if bearer is None:
                return None
            if len(self._seen) >= _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            self._seen[token] = bearer
        if bearer.expires_at <= self._now():
            self._seen.pop(token, None)
            return None
        return bearer

    def _decode(self, token: str) -> Bearer | None:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "iat", "sub", "sid"], "verify_exp": False},
            )
            return Bearer(str(claims["sub"]), str(claims["sid"]), float(claims["exp"]))
        except (jwt.InvalidTokenError, ValueError, TypeError):
            return None
