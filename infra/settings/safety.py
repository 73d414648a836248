"""Settings of keys, sessions and who may come in."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from infra.settings.values import Words


class Safety(BaseModel):
    """Keys, sessions and who may come in"""

    master_key: SecretStr | None = Field(
        None,
        description="32 bytes in base64 that wrap every other key; after it, by comma, older ones "
        "that rows may still be wrapped by. **Its loss is the loss of all text.** Else it is read "
        "from `master_key_file`.",
    )
    master_key_file: Path | None = Field(
        None,
        description="File with the master key; else `master.key` in the data folder, made there "
        "at the first start of an embedded run.",
    )
    access_token_minutes: int = Field(
        30, ge=1, le=1440, description="How long an access token is good for."
    )
    refresh_token_days: int = Field(
        30, ge=1, le=3650, description="How long a refresh token is good for."
    )
    require_verified_email: bool = Field(
        False, description="Whether an address must be verified before its user may log in."
    )
    workspace_reopen_days: int = Field(
        30, ge=0, le=36_500, description="For how long an owner may reopen a closed workspace."
    )
    cors_origins: Words = Field(
        (), description="Web origins, by comma, whose pages may call the API; none by default."
    )
    trusted_proxies: Words = Field(
        (),
        description="Addresses, by comma, whose `X-Forwarded-For` is believed; none by default.",
    )
    rate_limit_per_minute: int = Field(
        1000, ge=0, description="Requests a minute for each user; 0 for no limit."
    )
    rate_limit_per_key_per_minute: int = Field(
        600, ge=1, description="Of these, at most so many with any one API key."
    )
    login_failures_per_account: int = Field(
        10,
        ge=1,
        description="Failed log-ins for one account in any 15 minutes; twice as many in an hour, "
        "five times in a day. Counted apart for each address that its owner has logged in from.",
    )
    login_failures_per_address: int = Field(
        50, ge=1, description="Failed log-ins from one address in any 15 minutes."
    )
    security_window_s: float = Field(
        60.0,
        gt=0,
        description="Failed log-ins at one account, and refusals of one person, are noted in the "
        "log at once for the first time and then together after so many seconds.",
    )
    security_notes_per_minute: int = Field(
        120, ge=1, description="The most of these that one API process writes into the log."
    )
