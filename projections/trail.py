"""The trail: of every event of a workspace where it stands, by what those who watch ask for.

What an event says stays in the log; a row here is narrow, and made of the envelope alone. So an
event that cannot be read has one as well, and one of a type that only newer code knows. What
happened in the system's own workspace is in the trail of the workspace that it names: an API key
that is for one alone.

An address is not in it, only its alias. Where it is asked what somebody did, `actor_id` comes
first, since nobody's id is of two people.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.values.recorded import Recorded

from .projection import Projection, Rows, Table


@dataclass(slots=True)
class TrailRow:
    workspace_id: str
    position: int
    type_code: int
    actor_id: str
    key_id: str | None
    address: bytes | None


EVENTS = Table(
    "events",
    TrailRow,
    {
        "workspace_id": "text",
        "position": "bigint",
        "type_code": "integer",
        "actor_id": "text",
        "key_id": "text",
        "address": "bytea",
    },
    key=("workspace_id", "position"),
    indexes=(
        "(actor_id, workspace_id, position)",
        "(workspace_id, type_code, position)",
        "(workspace_id, key_id, position) WHERE key_id IS NOT NULL",
        "(workspace_id, address, position) WHERE address IS NOT NULL",
    ),
)


@lru_cache(maxsize=2_048)
def type_code(name: str) -> int:
    """A number for a stored type, the same for ever, also for one that no code here knows; a test
    sees that no two known ones have the same."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], signed=True)


def _noted(recorded: Recorded, rows: Rows) -> None:
    stamp, origin = recorded.stamp, recorded.origin
    workspace_id = stamp.workspace_id
    if workspace_id == SYSTEM_WORKSPACE:
        about = getattr(recorded.event, "workspace_id", None)
        if not isinstance(about, str) or not is_id(about, "ws"):
            return
        workspace_id = about
    rows.add(
        "events",
        TrailRow(
            workspace_id,
            stamp.position,
            type_code(recorded.type),
            stamp.actor,
            origin.key_id,
            bytes.fromhex(origin.ip) if isinstance(origin.ip, str) else None,
        ),
    )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return ()


# What those do who watch, and what is noted of an account by itself: nobody's work.
REVIEW = "TrailReviewed.v1"
WATCHING = ("TrailRead.v1", "TrailExported.v1", REVIEW, "LogInsFailed.v1", "ApiKeyUsed.v1")

TRAIL_VIEW = Projection(
    name="trail",
    version=1,
    tables=(EVENTS,),
    folds={},
    reads=_reads,
    every=_noted,
    opens=frozenset({SYSTEM_WORKSPACE}),
    addresses=True,
)
