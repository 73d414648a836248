"""The conditions that a workflow may put on a move, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import Kind, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What guards may look at. `unfinished_blockers`: ids of tasks that block this one and are
    neither done nor cancelled."""

    unfinished_blockers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardRule:
    """`check(parameters, facts)` gives the refusal, None where the move may happen."""

    check: Callable[[Mapping[str, Any], MoveFacts], Refused | None]
    parameters: tuple[str, ...] = ()


def _no_unfinished_blockers(parameters: Mapping[str, Any], facts: MoveFacts) -> Refused | None:
    blockers = facts.unfinished_blockers
    if not blockers:
        return None
    return Refused(
        Kind.BLOCKED_BY_UNFINISHED,
        "Other tasks block this one and are not finished; finish them, or remove the dependency.",
        blockers=list(blockers),
    )


GUARDS: Final[Mapping[str, GuardRule]] = {
    "no-unfinished-blockers": GuardRule(_no_unfinished_blockers),
}
