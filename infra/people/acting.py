"""As whom the command line acts: users by name, owners of workspaces, whoever came first."""

from typing import Final

from commands.states import States
from domain.errors import invalid
from domain.user.state import USER
from domain.values.ids import is_id
from domain.values.text_rules import normal_username
from domain.workspace.state import WORKSPACE, Workspace
from infra.event_store.store import PostgresEventStore

ADMIN: Final = "admin"


class Acting:
    """Answers from the log alone. Raises Invalid for what is not there."""

    def __init__(self, store: PostgresEventStore, states: States) -> None:
        self._store = store
        self._states = states

    async def named(self, name: str) -> str:
        """The user with this name."""
        user_id = await self._store.claimed_by("username", normal_username(name))
        if user_id is None:
            raise invalid("/user", f"There is no user {name}.", "unknown")
        return user_id

    async def owner_of(self, workspace_id: str) -> str:
        """Who stands for a workspace that is open."""
        workspace = await self.workspace(workspace_id)
        if workspace.closed_at is not None:
            raise invalid("/workspace", "This workspace is closed; have its owner reopen it.")
        return workspace.owner_id

    async def first_account(self) -> str:
        """The admin where there is one, else whoever came first: an account is the first thing
        that can happen."""
        admin = await self._store.claimed_by("username", ADMIN)
        if admin is not None:
            return admin
        first = await self._store.read_rows(1, 1)
        if not first or not is_id(first[0].stream, "user"):
            raise invalid("/user", "Say with --user who you are.")
        return first[0].stream

    async def home_of(self, user_id: str) -> str:
        """Somebody's own workspace."""
        user = await self._states.read(USER, user_id)
        if user is None or user.default_workspace_id is None:
            raise invalid("/workspace", "They have no workspace of their own; name a --workspace.")
        return user.default_workspace_id

    async def workspace(self, workspace_id: str) -> Workspace:
        """A workspace, open or closed."""
        known = is_id(workspace_id, "ws")
        workspace = await self._states.read(WORKSPACE, workspace_id) if known else None
        if workspace is None:
            raise invalid("/workspace", f"There is no workspace {workspace_id}.", "unknown")
        return workspace
