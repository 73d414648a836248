"""Says that something of the trail could not be recorded: at once, and until it can be again."""

from datetime import datetime
from typing import Final

import structlog

from commands.ports import Clock
from infra.metrics import Metrics

READING: Final = "reading"
SECURITY: Final = "security"

_log = structlog.get_logger(__name__)


class RecordingAlarm:
    """One a process. What fails is logged as an error, counted in the metrics, and told by
    `problem` until the same is recorded again."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._failing: dict[str, tuple[datetime, str]] = {}

    def recorded(self, what: str) -> None:
        self._metrics.recording_done(what, "recorded")
        if self._failing.pop(what, None) is not None:
            _log.info("trail_recorded_again", what=what)

    def failed(self, what: str, error: Exception) -> None:
        self._metrics.recording_done(what, "failed")
        since, _ = self._failing.get(what, (self._clock(), ""))
        self._failing[what] = since, type(error).__name__
        _log.error("trail_not_recorded", what=what, error=repr(error))

    def lost(self, what: str, error: Exception) -> None:
        """As `failed`, of what will never be recorded: it is no problem that could end."""
        self._metrics.recording_done(what, "failed")
        _log.error("trail_not_recorded", what=what, error=repr(error))

    @property
    def problem(self) -> str | None:
        """What cannot be recorded now, for people to read; None when all is well."""
        said = [
            f"{what} not recorded since {since:%Y-%m-%dT%H:%M:%SZ} ({error})"
            for what, (since, error) in sorted(self._failing.items())
        ]
        return "; ".join(said) or None
