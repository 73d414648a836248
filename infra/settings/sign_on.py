"""Settings of single sign-on."""

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from infra.oidc.addresses import is_safe
from infra.settings.values import Words


class SignOn(BaseModel):
    """Single sign-on by OpenID Connect; see docs/sign-on.md"""

    oidc_issuer: str | None = Field(
        None,
        description="The provider, as it calls itself: `https://`, and `http://` on this machine "
        "alone. Without it there is no single sign-on.",
    )
    oidc_client_id: str | None = Field(
        None,
        validate_default=True,
        description="As which the product is registered at the provider.",
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="Its secret there; none where it is registered as a public client."
    )
    oidc_scopes: Words = Field(
        ("openid", "email", "profile"),
        description="What the provider is asked for, by comma; `openid` is needed, and `email` for "
        "accounts to be found and made.",
    )
    oidc_name: str = Field(
        "Single sign-on",
        min_length=1,
        max_length=100,
        description="What people call the provider, for buttons and messages.",
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str | None) -> str | None:
        if value is not None and (not is_safe(value) or "?" in value):
            raise ValueError("must begin with https://, or with http:// for one on this machine")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _with_openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("must have openid among them")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _of_an_issuer(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("oidc_issuer") is not None:
            raise ValueError("is missing: the provider gives one to whom it registers")
        return value
