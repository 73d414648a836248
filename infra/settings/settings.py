"""All settings together: read from the environment, checked once, handed down."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.embedded.errors import FolderUnusable
from infra.embedded.folder import served_urls
from infra.settings.limits import Limits
from infra.settings.mail import Mail
from infra.settings.parts import Parts
from infra.settings.record import Record
from infra.settings.safety import Safety
from infra.settings.serving import Serving
from infra.settings.sign_on import SignOn
from infra.settings.values import as_text
from infra.settings.witness import Witness

PREFIX = "TASKLEDGER_"


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it and says what to do."""


class NothingServed(SettingsError):
    """No database is named, and the product whose data folder this is does not run."""


class Settings(Serving, Parts, Safety, Mail, SignOn, Record, Witness, Limits, BaseSettings):
    """All of them together, immutable, checked once."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True
    )

    @classmethod
    def load(cls, **given: object) -> Self:
        """From the environment; `given` (of the command line) wins where it is not None.

        Raises SettingsError for a value that is wrong and for a name that is no setting.
        """
        _refuse_unknown(os.environ)
        chosen = {name: value for name, value in given.items() if value is not None}
        try:
            return cls(**chosen)  # type: ignore[arg-type]  # they are checked
        except ValidationError as error:
            raise SettingsError("; ".join(_complaints(error))) from None

    def resolve(self) -> Self:
        """With the addresses of what is served from the data folder now, where none is given.

        For commands that run beside a served product. Raises SettingsError if no database is
        found either way, NothingServed where the data folder is there.
        """
        try:
            found = served_urls(self.data_dir)
        except FolderUnusable as error:
            raise SettingsError(str(error)) from error
        given = self.as_environment()
        if any("DATABASE" in name for name in given):  # then none of them is the embedded one
            found = {name: url for name, url in found.items() if "DATABASE" not in name}
        resolved = self.with_urls({n: url for n, url in found.items() if n not in given})
        if not any("DATABASE" in name for name in resolved.as_environment()):
            missing = NothingServed if self.data_dir.is_dir() else SettingsError
            raise missing(
                f"Nothing is served from {self.data_dir.absolute()} now, and "
                f"{PREFIX}DATABASE_URL is not set: start `taskledger serve --embedded` first, or "
                "set one of the two."
            )
        return resolved

    def with_urls(self, urls: Mapping[str, str]) -> Self:
        """With these addresses, by the names of their settings."""
        return self.model_copy(
            update={name.removeprefix(PREFIX).lower(): SecretStr(url) for name, url in urls.items()}
        )

    def owner_url(self) -> str:
        """Raises SettingsError where it is not known."""
        if self.database_url is None:
            raise SettingsError(f"{PREFIX}DATABASE_URL is not set.")
        return self.database_url.get_secret_value()

    def api_url(self) -> str:
        """As the api role where that has an address of its own, else the owner's."""
        own = self.api_database_url
        return own.get_secret_value() if own is not None else self.owner_url()

    def worker_url(self) -> str:
        """As the worker role where that has an address of its own, else the owner's."""
        own = self.worker_database_url
        return own.get_secret_value() if own is not None else self.owner_url()

    def base_url(self) -> str:
        """Where people reach the product."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def key_file(self) -> Path:
        """Where the master key is, unless it is given itself."""
        return self.master_key_file or self.data_dir / "master.key"

    def destroyed_keys_file(self) -> Path:
        """Where the ids of destroyed keys are kept outside of the database."""
        return self.data_dir / "destroyed-keys"

    def record_dir(self) -> Path:
        """What the sealer keeps on its own machine."""
        return self.data_dir / "record"

    def signing_key_file(self) -> Path:
        """Where the key is that signs checkpoints, unless a command signs."""
        return self.record_key_file or self.record_dir() / "signing.key"

    def witness_dir(self) -> Path:
        """What a witness keeps, and nobody else."""
        return self.data_dir / "witness"

    def as_environment(self) -> dict[str, str]:
        """What another process reads as these same settings."""
        changed = self.model_dump(exclude_defaults=True)
        return {PREFIX + name.upper(): as_text(value) for name, value in changed.items()}


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of ours: this one's, with these settings."""
    return {**os.environ, **changes}


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A setting that is misspelt must not look as if it had been taken."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; docs/settings.md lists them."
            raise SettingsError(f"{name} is not a setting{hint}")


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        name = PREFIX + str(problem["loc"][0]).upper()
        reason = problem["msg"].removeprefix("Value error, ")
        yield f"{name} is wrong: {reason[0].lower()}{reason[1:]}"
