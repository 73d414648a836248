"""What the routes of erasures and holds share: where one is, and who may look at it."""

from api.http.call import Call
from domain.custody.state import CUSTODY, Custody, custody_of
from domain.errors import Kind, Refused, invalid, not_found
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE


async def place_of(call: Call, named: str, what: str) -> tuple[Custody, bool]:
    """The custody, among those of the caller's workspaces, that has an erasure or a hold of this
    id, and whether the caller manages it. Raises Refused(NOT_FOUND)."""
    found = await _found(call, named)
    if found is None:
        raise not_found(what)
    return found


async def require_nowhere_else(call: Call, named: str, workspace_id: str, field: str) -> None:
    """An id leads to one erasure or hold: of two only the first would ever be found. Raises
    Refused(ALREADY_EXISTS); of a workspace that the caller is not in nothing is said here."""
    found = await _found(call, named)
    if (
        found is not None
        and found[0].workspace_id != workspace_id
        and workspace_id in await call.access.workspaces(call.caller.user_id)
    ):
        raise Refused(
            Kind.ALREADY_EXISTS,
            "There is one with this id in another workspace; take a fresh one.",
            field=field,
        )


async def kept_in(call: Call, workspace_id: str) -> tuple[Custody | None, bool]:
    """The custody of a workspace as the log has it now, and whether the caller manages it; None
    where they are not in it."""
    workspace = await call.access.newest(WORKSPACE, workspace_id)
    rights = frozenset() if workspace is None else workspace_rights(workspace, call.caller.user_id)
    if Right.VIEW_WORKSPACE not in rights:
        return None, False
    custody = await call.access.newest(CUSTODY, custody_of(workspace_id))
    return custody, Right.MANAGE_MEMBERS in rights


async def _found(call: Call, named: str) -> tuple[Custody, bool] | None:
    """Of several with this id, the one that had it first: whoever makes another has seen it."""
    found: tuple[int, Custody, bool] | None = None
    for workspace_id in await call.access.workspaces(
        call.caller.user_id, await call.house.store.head()
    ):
        custody, manages = await kept_in(call, workspace_id)
        since = None if custody is None else custody.since(named)
        if custody is not None and since is not None and (found is None or since < found[0]):
            found = since, custody, manages
    return None if found is None else found[1:]


def the_one_of(found: list[str]) -> str:
    """The only workspace that it can be about. Raises Invalid."""
    if len(found) != 1:
        raise invalid("/workspace_id", "Name the workspace in which another person is to approve.")
    return found[0]
