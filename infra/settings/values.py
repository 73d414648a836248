"""What settings are written in: words by comma, addresses, and how each stands as a text again."""

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


HOST: Final = (
    "user:password@host:port, with what is no letter or digit in a user or password as %40"
)


def has_host(address: str) -> bool:
    """Whether it can be read as far as whom it leads to."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0 and parts.netloc.count("@") < 2
    except ValueError:
        return False


def begins_with(
    *schemes: str, like: str = HOST, readable: Callable[[str], bool] = has_host
) -> AfterValidator:
    """An address with one of these schemes; its first is the one to be told of, and what follows is
    `like` that. `readable`: whether whoever connects can make anything of it."""

    def checked(value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        address = value.get_secret_value()
        if address.partition("://")[0] not in schemes:
            raise ValueError(f"must begin with {schemes[0]}://")
        if not readable(address):
            # Never what stands in it, for that has a password.
            raise ValueError(f"must be {schemes[0]}://{like}")
        return value

    return AfterValidator(checked)


def as_text(value: object) -> str:
    """As the environment has it."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(value)
        case bool():
            return str(value).lower()
        case None:
            return ""
        case _:
            return str(value)


def revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
