"""Who may say what becomes of notifications."""

from commands.permissions import OfWorkspace, require_no_auditor
from commands.spec import Access
from commands.work import Work
from domain.errors import not_found
from domain.values.frozen import dataclass
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True)
class OwnInbox:
    """One's own notifications, of a workspace that one is in; auditors have none."""

    def __str__(self) -> str:
        return "one's own, in the workspace, auditors apart"

    async def check(self, command: OfWorkspace, work: Work) -> Access:
        workspace = await work.load(WORKSPACE, command.workspace_id)
        if workspace is None or workspace.role_of(work.actor) is None:
            raise not_found("notification")
        require_no_auditor(workspace, work.actor)
        return Access(command.workspace_id)
