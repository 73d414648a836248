"""Where erasures and holds stand, and the workspaces that one person's erasure is about."""

from collections.abc import Sequence
from typing import Final

from commands.work import Work
from commands.workspace.owners import can_act, require_owner_beside
from domain.custody.state import CUSTODY, Custody, Erasure, custody_of
from domain.errors import Kind, Refused
from domain.values.ids import SYSTEM_WORKSPACE
from domain.workspace.state import WORKSPACE, Workspace

# The ids of erasures that were approved and are not completed yet.
DUE_SCOPE: Final = "erasure-due"


async def loaded_custody(work: Work, workspace_id: str) -> Custody | None:
    return await work.load(CUSTODY, custody_of(workspace_id))


async def places_of(
    work: Work, erasure: Erasure, home: str, found: Sequence[str]
) -> tuple[list[str], list[Custody | None]]:
    """In which of the workspaces where a person is or has written all their text goes; and what
    each of these workspaces must keep. All are asserted.

    Their text goes wherever they are alone; and where it is asked for, in the workspace that asks,
    or everywhere if they ask themselves. Raises Refused(LAST_OWNER) where others would be left
    without an owner, and Refused(FORBIDDEN) where they are in another workspace with others, whose
    business it is as well.
    """
    custodies = []
    places = [SYSTEM_WORKSPACE]
    for workspace_id in dict.fromkeys((home, *found)):
        if workspace_id == SYSTEM_WORKSPACE:
            continue
        custodies.append(await loaded_custody(work, workspace_id))
        workspace = await work.load(WORKSPACE, workspace_id)
        alone = workspace is not None and await _is_alone(work, workspace, erasure.user_id)
        if workspace is not None and not alone:
            await _require_leave(work, workspace, erasure, home)
        if alone or (erasure.content and (erasure.everywhere or workspace_id == home)):
            places.append(workspace_id)
    return places, custodies


async def _is_alone(work: Work, workspace: Workspace, user_id: str) -> bool:
    memberships = {**workspace.members, **workspace.suspended, **workspace.parted}
    for each, member in memberships.items():
        if each != user_id and not member.is_service and await can_act(work, each):
            return False
    return True


async def _require_leave(work: Work, workspace: Workspace, erasure: Erasure, home: str) -> None:
    role = workspace.role_of(erasure.user_id)
    if role is None:
        return
    await require_owner_beside(work, workspace, erasure.user_id)
    if not erasure.everywhere and workspace.workspace_id != home:
        raise Refused(
            Kind.FORBIDDEN,
            "They are in another workspace too; they have to ask for it themselves.",
        )
