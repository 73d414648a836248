"""Whom a provider has let in, by what it says of them."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """`subject` is who they are at `issuer`, for ever; all else may change, and may be wrong."""

    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    username: str | None = None
