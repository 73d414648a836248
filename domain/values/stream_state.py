"""What a state knows of its own stream, and how it begins when its first event comes."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from domain.values.frozen import dataclass
from domain.values.stamp import Stamp

S = TypeVar("S", bound="StreamState")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """`updated_at`, `updated_by`, `version` and `position` are those of its last event."""

    workspace_id: str
    updated_at: datetime
    updated_by: str
    version: int
    position: int


def begun(kind: Callable[..., S], stamp: Stamp, **own: object) -> S:
    """A state of which nothing is known but these fields of its own, and where it stands."""
    return kind(
        workspace_id=stamp.workspace_id,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
        **own,
    )
