"""What can happen to a workspace's requests to forget a person, and to its legal holds.

Why somebody is to be forgotten says who they are, so it goes with them; why something must be kept
is its proposer's text.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.values.frozen import dataclass
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureAsked:
    """`content`: also all that the person wrote. `everywhere`: in every workspace, for they ask
    for themselves; else in this one."""

    erasure_id: str
    user_id: str
    content: bool
    everywhere: bool
    why: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureWithdrawn:
    erasure_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureApproved:
    """From here on it is carried out. `places`: the workspaces in which all that the person wrote
    goes; who they are goes everywhere. `operator`: the name of whoever runs the product, where
    nobody else could approve."""

    erasure_id: str
    user_id: str
    places: tuple[str, ...]
    operator: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCarriedOut:
    """The keys are gone, and the account. `counts`: what went, by kind."""

    erasure_id: str
    user_id: str
    key_ids: tuple[str, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCompleted:
    """Nothing that is kept beside the log has them any more. `views`: how far each view was."""

    erasure_id: str
    user_id: str
    views: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldProposed:
    """On a person, a project, or what was recorded from `since` (inclusive) until `until`."""

    hold_id: str
    why: Text
    user_id: str | None = None
    project_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWithdrawn:
    """It was proposed, and never stood."""

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSet:
    """Another person approved of it: from here on it stands."""

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLiftProposed:
    """It stands until another person approves of lifting it."""

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldKept:
    """It is not to be lifted after all."""

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted:
    hold_id: str


CustodyEvent = (
    ErasureAsked
    | ErasureWithdrawn
    | ErasureApproved
    | ErasureCarriedOut
    | ErasureCompleted
    | HoldProposed
    | HoldWithdrawn
    | HoldSet
    | HoldLiftProposed
    | HoldKept
    | HoldLifted
)
