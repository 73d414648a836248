"""Every setting of the product: read from the environment here, and nowhere else."""

import argparse
import difflib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infra.embedded.errors import FolderUnusable
from infra.embedded.folder import served_urls
from infra.oidc.addresses import is_safe

PREFIX = "TASKLEDGER_"
ROLES = ("api", "relay", "projector", "scheduler", "sealer")

_SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "api_database_url": ("postgresql", "postgres"),
    "worker_database_url": ("postgresql", "postgres"),
    "nats_url": ("nats", "tls", "ws", "wss"),
    "redis_url": ("redis", "rediss"),
    "opensearch_url": ("http", "https"),
    "exports_url": ("s3",),
    "smtp_url": ("smtp", "smtp+starttls", "smtps"),
    "record_url": ("s3",),
}

Words = Annotated[tuple[str, ...], NoDecode]


_COMPOSED = (
    "POSTGRES",
    "API_DATABASE",
    "WORKER_DATABASE",
    "NATS",
    "REDIS",
    "OPENSEARCH",
)


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it and says what to do."""


class Serving(BaseModel):
    """Where and how it serves"""

    host: str = Field("127.0.0.1", description="Address that the HTTP door listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Its port; 0 takes any free one.")
    workers: int = Field(2, ge=1, le=64, description="API processes, all accepting on that port.")
    roles: Words = Field(
        ROLES,
        description="What this machine runs, by comma: `api`, `relay`, `projector`, `scheduler`, "
        "`sealer`.",
    )
    data_dir: Path = Field(
        Path(".data"), description="Folder of everything embedded, and of the keys made for it."
    )
    log_level: str = Field(
        "info", description="Least level of a log line: `debug`, `info`, `warning`, `error`."
    )
    stop_timeout_s: float = Field(
        10.0, gt=0, description="Seconds that a process may take to finish its work at a stop."
    )
    answer_cache_mib: int = Field(
        160,
        ge=0,
        le=65_536,
        description="Memory of each API process for lists and boards to be asked again; 0: none.",
    )
    pack_answers_from_bytes: int = Field(
        64 * 1024,
        ge=1024,
        description="Answers from this size on are packed by gzip for clients that accept it.",
    )
    listen_fd: int | None = Field(
        None, description="Listening socket inherited from a supervisor; set by it, not by hand."
    )
    metrics_dir: Path | None = Field(
        None,
        description="Folder in which API processes add up their metrics; set by a supervisor, "
        "together with `PROMETHEUS_MULTIPROC_DIR`.",
    )


class Parts(BaseModel):
    """The parts: without its address, `serve --embedded` starts a part itself"""

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15 or newer, as the owner of the database, in sessions."
    )
    api_database_url: SecretStr | None = Field(
        None,
        description="The same as role `taskledger_api`; else the owner's, with SET ROLE.",
    )
    worker_database_url: SecretStr | None = Field(
        None,
        description="The same as role `taskledger_worker`; else the owner's, with SET ROLE.",
    )
    nats_url: SecretStr | None = Field(
        None, description="NATS with JetStream; several servers of a cluster by comma."
    )
    redis_url: SecretStr | None = Field(None, description="Redis or Valkey.")
    opensearch_url: SecretStr | None = Field(
        None,
        description="OpenSearch, with `user:password@` where it asks for them; without one, and "
        "while it is away, PostgreSQL answers searches.",
    )
    opensearch_verify_tls: bool = Field(
        True, description="Whether the certificate of an `https` address is checked."
    )
    exports_url: SecretStr | None = Field(
        None,
        description="Where files of exports are kept for all machines: `s3://bucket/prefix`, with "
        "the usual `AWS_...` variables for the rest; else the folder `exports` in the data folder.",
    )
    embedded_user: str | None = Field(
        None,
        description="Account that embedded servers run under where the product is run by root; "
        "else `postgres` or `nobody`, whichever is there.",
    )


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
        30, ge=0, description="For how long an owner may reopen a closed workspace."
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


class Mail(BaseModel):
    """Mail to people: links to verify an address, to choose a password, to accept an invitation"""

    smtp_url: SecretStr | None = Field(
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


class Record(BaseModel):
    """The record: who signs the tree over all events, and where it is published"""

    record_origin: str = Field(
        "taskledger",
        min_length=1,
        max_length=100,
        pattern=r"^[^\s+]+$",
        description="Names the logs of this installation to those who check them; an address of "
        "yours without its scheme, such as `tasks.example.com/tlog`. What is signed names it.",
    )
    record_url: SecretStr | None = Field(
        None,
        description="Where the tree is published for all machines: `s3://bucket/prefix`, with the "
        "usual `AWS_...` variables for the rest; else the folder `record` in the data folder.",
    )
    record_key_file: Path | None = Field(
        None,
        description="File with the private key (Ed25519, PEM) that signs checkpoints; else "
        "`record/signing.key` in the data folder, made there at the first start of an embedded "
        "run.",
    )
    record_sign_command: str | None = Field(
        None,
        description="In place of a key file, a command that gets a text on its standard input and "
        "answers with its Ed25519 signature, 64 bytes: a KMS or HSM signs then.",
    )
    record_public_key: str | None = Field(
        None,
        validate_default=True,
        description="The public key of that command: 32 bytes in base64.",
    )
    record_ml_dsa_key_file: Path | None = Field(
        None,
        description="File with a second private key (ML-DSA-44, PEM), which signs checkpoints "
        "beside the first: against whoever can break Ed25519 one day. Without it there is none.",
    )
    record_recheck_hours: float = Field(
        24.0,
        gt=0,
        description="Hours in which the sealer reads the whole log once more and compares it with "
        "what it signed; a small log is read more often.",
    )


class Limits(BaseModel):
    """How much of everything; beyond it a request is refused (413 for the body, else 422)"""

    max_body_bytes: int = Field(1024 * 1024, ge=1024, description="A request's body.")
    max_title_characters: int = Field(500, ge=1, description="A task's title.")
    max_description_characters: int = Field(100_000, ge=0, description="A description.")
    max_description_bytes: int = Field(
        200 * 1024, ge=0, le=240 * 1024, description="The same in UTF-8; an event holds it whole."
    )
    max_comment_characters: int = Field(
        20_000, ge=1, le=30_000, description="A comment; an edit holds it twice."
    )
    max_name_characters: int = Field(200, ge=1, description="A name of a project or a person.")
    max_tags: int = Field(50, ge=0, description="Tags on a task.")
    max_labels: int = Field(2000, ge=1, description="Labels of a workspace.")
    max_reactions: int = Field(50, ge=1, description="Different reactions to a comment.")
    max_watchers: int = Field(500, ge=1, description="Watchers of a task.")
    max_favourites: int = Field(500, ge=0, description="Favourites of a person in a workspace.")
    max_assignees: int = Field(50, ge=1, description="People assigned to a task.")
    max_task_types: int = Field(50, ge=1, description="Types of tasks in a project.")
    max_dependencies: int = Field(
        100, ge=1, le=1_000, description="Dependencies of a task, in either direction."
    )
    max_fields: int = Field(100, ge=0, description="Custom fields of a project.")
    max_columns: int = Field(250, ge=1, description="Board columns of a project.")
    max_lanes: int = Field(
        100, ge=1, le=1_000, description="Lanes that a board shows: those with the most cards."
    )
    max_cards_of_board: int = Field(
        10_000, ge=250, le=100_000, description="Cards in one answer that shows a whole board."
    )
    max_statuses: int = Field(100, ge=1, description="Statuses of a workflow.")
    max_transitions: int = Field(1000, ge=0, description="Transitions of a workflow.")
    max_invitations: int = Field(
        200, ge=0, description="Invitations of a workspace that wait at once."
    )
    max_teams: int = Field(200, ge=0, description="Teams of a workspace.")
    max_team_members: int = Field(500, ge=1, le=5_000, description="Members of a team.")
    max_bulk_tasks: int = Field(
        100_000, ge=1, le=1_000_000, description="Tasks that one bulk may change."
    )
    max_jobs_at_once: int = Field(5, ge=1, description="Bulks of one person that are not finished.")
    keep_jobs_days: int = Field(
        30, ge=1, le=3650, description="How long a finished bulk can be asked for and undone."
    )
    keep_exports_hours: int = Field(
        72, ge=1, le=8760, description="How long the file of an export can be fetched."
    )
    max_search_words: int = Field(
        30, ge=1, le=100, description="Words that one search may look for."
    )
    max_feed_wait_s: float = Field(
        60.0, ge=0, le=600, description="Seconds that a question to the feed of changes may wait."
    )
    max_feed_waiters: int = Field(
        10_000, ge=1, description="Questions that may wait for changes in one process."
    )
    max_batch_commands: int = Field(1000, ge=1, le=1000, description="Commands of a batch.")
    max_batch_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="A batch's body; and about what its answers take."
    )
    max_subtask_depth: int = Field(50, ge=1, le=200, description="Levels of subtasks.")
    max_subtasks: int = Field(
        10_000,
        ge=1,
        le=100_000,
        description="Subtasks of a task, on all levels, that is moved or past a guard.",
    )
    max_subtasks_at_once: int = Field(
        1_000,
        ge=1,
        le=5_000,
        description="Subtasks of a task, on all levels, that is trashed or duplicated.",
    )
    max_template_tasks: int = Field(
        500, ge=1, le=2_000, description="Tasks of a template, on all levels."
    )
    max_query_characters: int = Field(
        4_000, ge=100, le=10_000, description="A text in the query language."
    )
    max_query_conditions: int = Field(50, ge=1, le=200, description="Conditions of a query.")
    max_query_values: int = Field(
        200, ge=1, le=1_000, description="Values in all conditions of a query."
    )
    max_query_depth: int = Field(
        20, ge=1, le=50, description="Levels of parentheses and NOT in a query."
    )
    max_api_keys: int = Field(50, ge=0, description="API keys of one account.")
    max_identities: int = Field(
        20, ge=1, description="Identities at providers of single sign-on that one account has."
    )
    max_custody: int = Field(
        1000, ge=1, description="Open requests for erasure, and legal holds, of a workspace."
    )
    max_service_accounts: int = Field(100, ge=0, description="Service accounts of a workspace.")
    max_tasks_moved_by_workflow: int = Field(
        1000, ge=1, le=5_000, description="Tasks that one change of a workflow moves."
    )
    max_idempotency_key_characters: int = Field(
        255, ge=1, le=255, description="An Idempotency-Key."
    )


class Settings(Serving, Parts, Safety, Mail, SignOn, Record, Limits, BaseSettings):
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
            return cls(**chosen)  # type: ignore[arg-type]
        except ValidationError as error:
            raise SettingsError("; ".join(_complaints(error))) from None

    def resolve(self) -> Self:
        """With the addresses of what is served from the data folder now, where none is given.

        For commands that run beside a served product. Raises SettingsError if no database is
        found either way.
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
            raise SettingsError(
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

    def as_environment(self) -> dict[str, str]:
        """What another process reads as these same settings."""
        changed = self.model_dump(exclude_defaults=True)
        return {PREFIX + name.upper(): _as_text(value) for name, value in changed.items()}

    @field_validator("roles", "cors_origins", "trusted_proxies", "oidc_scopes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or any(role not in ROLES for role in value):
            raise ValueError(f"must be some of {', '.join(ROLES)}")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

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

    @field_validator("record_public_key")
    @classmethod
    def _of_a_command(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (value is None) != (info.data.get("record_sign_command") is None):
            raise ValueError("and the command that signs are set together")
        return value

    @field_validator(*_SCHEMES)
    @classmethod
    def _known_scheme(cls, value: SecretStr | None, info: object) -> SecretStr | None:
        schemes = _SCHEMES[getattr(info, "field_name", "")]
        if value is not None and value.get_secret_value().split("://")[0] not in schemes:
            raise ValueError(f"must begin with {schemes[0]}://")
        return value


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


def _as_text(value: object) -> str:
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


def _sections() -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    for section in (Serving, Parts, Safety, Mail, SignOn, Record, Limits):
        yield (section.__doc__ or "").strip(), section.model_fields


def _table() -> str:
    lines = [
        "# Settings",
        "",
        "All of them come from the environment. Made by `python -m infra.settings --table`;",
        "`make check` refuses a table that is not up to date.",
    ]
    for title, fields in _sections():
        lines += ["", f"## {title}", "", "| setting | default | what it does |", "|---|---|---|"]
        for name, field in fields.items():
            default = _as_text(field.default)
            shown = f"`{default}`" if default else ""
            lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def _example() -> str:
    lines = [
        "# Every setting with its default. Made by `python -m infra.settings --env`.",
    ]
    for title, fields in _sections():
        lines += ["", f"# {title}"]
        for name, field in fields.items():
            if name not in ("listen_fd", "metrics_dir"):
                lines.append(f"#{PREFIX}{name.upper()}={_as_text(field.default)}")
    lines += [
        "",
        "# docker-compose.yml alone: passwords of its parts, of letters and digits",
        "# (the master key: 32 random bytes in base64)",
        f"{PREFIX}MASTER_KEY=",
        *(f"{part}_PASSWORD=" for part in _COMPOSED),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--table", action="store_true", help="docs/settings.md")
    which.add_argument("--env", action="store_true", help=".env.example")
    sys.stdout.write(_table() if parser.parse_args().table else _example())


if __name__ == "__main__":
    main()
