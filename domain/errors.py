"""Every way in which the business says no: one closed set of kinds."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from domain.values.frozen import dataclass


class Kind(StrEnum):
    """The stable codes of `docs/api`; a door maps each to its own status once, in one table."""

    UNAUTHENTICATED = "unauthenticated"
    SECOND_FACTOR_REQUIRED = "second-factor-required"
    EMAIL_NOT_VERIFIED = "email-not-verified"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    TRANSITION_NOT_ALLOWED = "transition-not-allowed"
    LEGAL_HOLD = "legal-hold"
    GUARD_REFUSED = "guard-refused"
    BLOCKED_BY_UNFINISHED = "blocked-by-unfinished"
    PARENT_CYCLE = "parent-cycle"
    DEPENDENCY_CYCLE = "dependency-cycle"
    ALREADY_EXISTS = "already-exists"
    NOT_RESTORABLE = "not-restorable"
    NOT_UNDOABLE = "not-undoable"
    KEY_AMBIGUOUS = "key-ambiguous"
    LAST_OWNER = "last-owner"
    STATUS_IN_USE = "status-in-use"
    WIP_LIMIT_REACHED = "wip-limit-reached"
    TRASHED = "trashed"
    NOT_TRASHED = "not-trashed"
    ARCHIVED = "archived"
    VERSION_STALE = "version-stale"
    VALIDATION_FAILED = "validation-failed"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    IDEMPOTENCY_IN_PROGRESS = "idempotency-in-progress"
    RATE_LIMITED = "rate-limited"
    VIEW_BEHIND = "view-behind"
    OVERLOADED = "overloaded"
    DEPENDENCY_DOWN = "dependency-down"


# Said by a part that is down or busy, not decided from any state: nothing to look up again.
OF_THE_MACHINE: Final = frozenset({Kind.OVERLOADED, Kind.DEPENDENCY_DOWN, Kind.VIEW_BEHIND})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field: a JSON pointer into the request, a code, and the remedy."""

    pointer: str
    code: str
    detail: str


class Refused(Exception):
    """A command that may not happen. `detail` says why and what to do instead.

    `fields` are members of the answer (`allowed`, `field`, `statuses` ...), JSON-ready. `at` is
    which of several commands it was, counted from 0, where that is known.
    """

    def __init__(self, kind: Kind, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.fields: Mapping[str, Any] = fields
        self.at: int | None = None


class Invalid(Refused):
    """Input that no state of the world could make right."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(Kind.VALIDATION_FAILED, problems[0].detail if problems else "invalid")
        self.problems = problems


def invalid(pointer: str, detail: str, code: str = "invalid") -> Invalid:
    """One field is wrong; `pointer` is an RFC 6901 JSON pointer such as `/title`."""
    return Invalid(Problem(pointer, code, detail))


def pointer_token(key: str) -> str:
    """A key of an object as it stands in a JSON pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def not_found(what: str) -> Refused:
    """Also the answer for what the caller may not see: the two must not be told apart."""
    return Refused(Kind.NOT_FOUND, f"There is no such {what}, or you may not see it.")


def key_reused() -> Refused:
    """An Idempotency-Key comes again with another request."""
    detail = "This Idempotency-Key was used for another request; take a new one."
    return Refused(Kind.IDEMPOTENCY_KEY_REUSED, detail)


def first_still_runs() -> Refused:
    """An Idempotency-Key comes again before there is an answer to give again."""
    detail = "The first request with this Idempotency-Key is still running; try again."
    return Refused(Kind.IDEMPOTENCY_IN_PROGRESS, detail)
