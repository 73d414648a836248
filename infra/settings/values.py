"""What settings are written in: words by comma, addresses, and how each stands as a text again."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


def begins_with(*schemes: str) -> AfterValidator:
    """An address with one of these; its first is the one to be told of."""

    def checked(value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value().split("://")[0] not in schemes:
            raise ValueError(f"must begin with {schemes[0]}://")
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
