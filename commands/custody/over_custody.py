"""Who may say what becomes of erasures and holds."""

from commands.permissions import OfWorkspace, access_to
from commands.spec import Access
from commands.work import Work
from domain.errors import Kind, Refused, not_found
from domain.values.frozen import dataclass
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True)
class OverCustody:
    """The right in the workspace of an erasure or a hold, which to others does not exist."""

    right: Right
    of: str

    def __str__(self) -> str:
        return f"may {self.right}, in the workspace of the {self.of}"

    async def check(self, command: OfWorkspace, work: Work) -> Access:
        access = await access_to(work, command.workspace_id, self.right)
        if access is None:
            raise not_found(self.of)
        return access


def require_person(work: Work, workspace_id: str) -> None:
    """A program does what the holder of its key wants: whoever makes one would be two people by
    themselves. Raises Refused(FORBIDDEN)."""
    member = work.seen(WORKSPACE, workspace_id).members.get(work.actor)
    if member is not None and member.is_service:
        raise Refused(
            Kind.FORBIDDEN, "This takes two people, and a service account is none; ask a person."
        )
