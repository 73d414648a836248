"""Settings of where and how it serves."""

from pathlib import Path

from pydantic import BaseModel, Field, field_validator

from infra.settings.values import Words

BACKGROUND_ROLES = ("relay", "projector", "scheduler", "sealer")
ROLES = ("api", *BACKGROUND_ROLES)


class Serving(BaseModel):
    """Where and how it serves"""

    host: str = Field("127.0.0.1", description="Address that the HTTP door listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Its port; 0 takes any free one.")
    workers: int = Field(2, ge=1, le=64, description="API processes, all accepting on that port.")
    roles: Words = Field(
        ROLES,
        description=f"What this machine runs, by comma: `{'`, `'.join(ROLES)}`.",
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
