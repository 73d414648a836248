"""Finds who imports a file and where it goes; on an empty system, makes who imports it."""

import secrets
from pathlib import Path
from typing import Final

from commands.execution import Executor
from commands.imports.importer import Place
from commands.imports.naming import project_key
from domain.project.state import PROJECT, key_scope
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.recorded import Origin
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.imports.bundle_file import NotImportable
from infra.people.accounts import Accounts, Registration
from infra.people.acting import ADMIN, Acting

_PASSWORD_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Importing:
    """`password` is that of an account which was made for it just now."""

    user_id: str
    place: Place
    password: str | None


class Places:
    """Answers by unique names, from the log alone. Raises Invalid for what is not there."""

    def __init__(self, store: PostgresEventStore, executor: Executor, accounts: Accounts) -> None:
        self._store = store
        self._states = executor.states
        self._accounts = accounts
        self._acting = Acting(store, executor.states)

    async def find(
        self, file: Path, user: str | None, workspace_id: str | None, project: str | None
    ) -> Importing:
        """`user` is a username, default the owner of the workspace; `project` a key, default one
        made of the file's name. Whether that user may, the commands themselves decide."""
        user_id, password = await self._user(user, workspace_id)
        if workspace_id is None:
            workspace_id = await self._acting.home_of(user_id)
        place = await self._place(workspace_id, project or project_key(file.name), file)
        return Importing(user_id, place, password)

    async def owner(self, user: str | None) -> tuple[str | None, str | None]:
        """Who shall own a workspace that comes from elsewhere, and the password of an account that
        was made for it: the one that is named, on an empty system the admin, else nobody yet."""
        if user is not None:
            return await self._acting.named(user), None
        return await self._make_admin() if await self._store.head() == 0 else (None, None)

    async def owner_after(self, was: str) -> str:
        """Who owned it goes on where they have an account here. Raises NotImportable."""
        user = await self._states.read(USER, was)
        if user is None or not user.can_log_in:
            raise NotImportable(
                "Whoever owns the workspace has no account here: say with --user who shall own it."
            )
        return was

    async def _user(self, name: str | None, workspace_id: str | None) -> tuple[str, str | None]:
        if name is not None:
            return await self._acting.named(name), None
        if workspace_id is not None:
            return await self._acting.owner_of(workspace_id), None
        if await self._store.head() == 0:
            return await self._make_admin()
        return await self._acting.first_account(), None

    async def _make_admin(self) -> tuple[str, str]:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        wanted = Registration(
            username=ADMIN, email=f"{ADMIN}@localhost", password=password, email_verified=True
        )
        outcome = await self._accounts.register(
            wanted, lambda user_id: Origin(actor=user_id, via="cli")
        )
        return outcome.main_stream, password

    async def _place(self, workspace_id: str, project: str, file: Path) -> Place:
        await self._acting.workspace(workspace_id)
        key = project.upper()
        project_id = await self._store.claimed_by(key_scope(workspace_id), key)
        present = None if project_id is None else await self._states.read(PROJECT, project_id)
        return Place(
            workspace_id=workspace_id,
            project_id=new_id("proj") if present is None else present.project_id,
            key=key,
            name=file.name.partition(".")[0] or key,
            exists=present is not None,
        )
