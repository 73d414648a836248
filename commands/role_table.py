"""Who may which command, role by role: read off the permissions that the commands declare."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from commands.permissions import ForOneself, OneselfOrInWorkspace, SignedIn
from commands.project.undo_change import UndoProjectChange
from commands.spec import CommandSpec
from commands.task.undo_change import UndoChange
from commands.user.register_user import Anyone
from commands.workspace.undo_change import UndoWorkspaceChange
from domain.values.frozen import dataclass
from domain.workspace.roles import (
    IN_PROJECT_UNNAMED,
    PROJECT_ROLES,
    RIGHTS_IN_PROJECT,
    RIGHTS_IN_WORKSPACE,
    WORKSPACE_ROLES,
    Right,
)


class May(StrEnum):
    """`OWN`: what is one's own, and nothing else. `HIDDEN`: to them it is not there."""

    YES = "yes"
    OWN = "own"
    NO = "no"
    HIDDEN = "-"


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in a workspace, and in an open project of it: None, a stranger."""

    name: str
    in_workspace: str | None
    in_project: str | None


# Whoever a project names is a guest of its workspace here, so that the naming alone speaks.
STANDINGS: Final = (
    *(Standing(role, role, IN_PROJECT_UNNAMED[role][0]) for role in WORKSPACE_ROLES),
    *(Standing(f"project {role}", "guest", role) for role in PROJECT_ROLES),
    Standing("stranger", None, None),
)

# What these may is said by the command that they run in the end.
AS_ANOTHER: Final[Mapping[type, str]] = dict.fromkeys(
    (UndoChange, UndoProjectChange, UndoWorkspaceChange), "as the command that takes it back"
)


def row(spec: CommandSpec[Any]) -> tuple[May, ...] | None:
    """What each standing may, in their order; None for what goes by other than roles."""
    permission: Any = spec.permission
    if isinstance(permission, Anyone | SignedIn):
        return (May.YES,) * len(STANDINGS)
    if isinstance(permission, ForOneself):
        return tuple(map(_may_for_oneself, STANDINGS))
    right: Right | None = getattr(permission, "right", None)
    if right is None or spec.command in AS_ANOTHER:
        return None
    return tuple(_may(permission, right, standing) for standing in STANDINGS)


def _may(permission: Any, right: Right, standing: Standing) -> May:
    if any(right in rights for rights in RIGHTS_IN_WORKSPACE.values()):
        rights = RIGHTS_IN_WORKSPACE.get(standing.in_workspace or "")
    else:
        rights = RIGHTS_IN_PROJECT.get(standing.in_project or "")
    if rights is None:
        return May.HIDDEN
    if getattr(permission, "instead", None) in rights:
        return May.YES
    if right not in rights:
        return May.OWN if isinstance(permission, OneselfOrInWorkspace) else May.NO
    return May.OWN if getattr(permission, "own", False) else May.YES


def _may_for_oneself(standing: Standing) -> May:
    if standing.in_project is None:
        return May.HIDDEN
    return May.NO if standing.in_workspace == "auditor" else May.YES


def table(specs: list[CommandSpec[Any]]) -> str:
    """The rows of the table in Markdown, its head first."""
    names = [standing.name for standing in STANDINGS]
    lines = [f"| command | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for spec in specs:
        cells = row(spec)
        name = spec.command.__name__
        if cells is None:
            said = AS_ANOTHER.get(spec.command, str(spec.permission))
            lines.append(f"| {name} | {said} |{' |' * (len(names) - 1)}")
        else:
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
