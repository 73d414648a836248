"""An event as the log gives it back."""

from typing import Any

from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Text


@dataclass(frozen=True, slots=True)
class Origin:
    """From where and because of what a command came; the part of an event's metadata that is
    not about the event itself. `reason` is free text and is sealed like any other. `within`:
    outside of this workspace there is nothing for the command, as with a key that is for one
    alone; it is not kept."""

    actor: str
    request_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    via: str = "api"
    key_id: str | None = None
    ip: Text | None = None
    reason: Text | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """`event` is a domain event, or None where its stored type is unknown to this code.

    `command_id` is hexadecimal: all events of one command share it.
    """

    event: Any
    type: str
    stamp: Stamp
    command_id: str
    origin: Origin

    @property
    def position(self) -> int:
        return self.stamp.position

    @property
    def stream(self) -> str:
        return self.stamp.stream
