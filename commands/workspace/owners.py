"""Who in a workspace can still do anything: whoever was erased goes on being a member of it."""

from commands.work import Work
from domain.user.state import USER
from domain.workspace.decisions import no_owner_left
from domain.workspace.state import Workspace


async def can_act(work: Work, user_id: str) -> bool:
    """Whether there is somebody who logs in; not whoever was erased, or came with an import. Asked
    of people alone; what is answered cannot change until the commit."""
    user = await work.load(USER, user_id)
    return user is not None and user.can_log_in


async def require_owner_beside(work: Work, workspace: Workspace, user_id: str) -> None:
    """That somebody else who can act owns it, if they own it. Raises Refused(LAST_OWNER)."""
    if user_id not in workspace.owners:
        return
    for other in workspace.owners:
        if other != user_id and await can_act(work, other):
            return
    raise no_owner_left()
