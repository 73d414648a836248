"""Settings of mail to people."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from infra.settings.values import begins_with, has_host


class Mail(BaseModel):
    """Mail to people: links to verify an address, to choose a password, to accept an invitation"""

    smtp_url: Annotated[SecretStr | None, begins_with("smtp", "smtp+starttls", "smtps")] = Field(
        None,
        description="Mail server: `smtp://` (TLS where it offers it), `smtp+starttls://` (TLS or "
        "nothing) or `smtps://`, with `user:password@` where it asks for them. Without one, mails "
        "are written as files into `mail` in the data folder, and a log line says where.",
    )
    mail_from: str = Field("Taskledger <taskledger@localhost>", description="Who mails are from.")
    public_url: str | None = Field(
        None,
        description="Where people reach the product, for the links in mails; else "
        "`http://<host>:<port>`.",
    )
    verify_token_hours: int = Field(
        72, ge=1, le=8760, description="How long a link that verifies an address is good for."
    )
    reset_token_minutes: int = Field(
        60, ge=5, le=1440, description="How long a link to choose a new password is good for."
    )
    due_soon_hours: int = Field(
        24, ge=1, le=8760, description="How long before its due date a task is due soon."
    )
    invitation_days: int = Field(
        14, ge=1, le=365, description="How long an invitation is good for."
    )
    mails_per_address: int = Field(
        30, ge=1, description="Mails that one network address may ask for in an hour."
    )
    invitations_per_day: int = Field(
        100, ge=1, description="Invitations that one person may send in a day."
    )

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")) or not has_host(value):
            raise ValueError("must begin with http:// or https:// and name a host")
        return value
