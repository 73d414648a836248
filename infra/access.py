"""Who may see what, for reading: sets kept in memory, never older than the log's own guard.

A set comes from the view of members and holds while the workspace's `access` guard in the log is
not newer. Every query that answers somebody brings that guard's position with it, or it is asked
for beside the query; so an answer is given under the access of today, however far a view lags.
"""

import copy
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from commands.states import States
from domain.aggregate import Aggregate, Versioned
from domain.errors import Kind, Refused
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE, Workspace
from infra.postgres.arrays import TextArray
from infra.postgres.pool import Pool
from infra.postgres.prepared import fetch_prepared
from infra.postgres.views.gather import Gather
from infra.postgres.views.member_queries import MemberQueries
from infra.postgres.views.waiting import ViewWaiter
from infra.tasks import drop
from projections.access import AccessSet
from projections.members import MEMBERS_VIEW
from projections.questions import Scope

S = TypeVar("S", bound=Versioned)
A = TypeVar("A")

_SETS_KEPT: Final = 5_000
_PEOPLE_KEPT: Final = 50_000
_PLACES_FRESH_S: Final = 1.0
_TRIES: Final = 3

_GUARDS: Final = "SELECT name, position FROM log.guards WHERE name = ANY (%s)"


@dataclass(frozen=True, slots=True)
class _Places:
    """The workspaces of one person as the view had them at `position`."""

    roles: Mapping[str, str]
    position: int
    asked_at: float


class Access:
    """One a process. Everything here may be asked on the event loop only. What it answers is
    within all workspaces, or within the one that `only` narrowed it to."""

    def __init__(
        self, pool: Pool, members: MemberQueries, waiter: ViewWaiter, states: States
    ) -> None:
        self._pool = pool
        self._members = members
        self._waiter = waiter
        self._states = states
        self._sets: OrderedDict[str, AccessSet] = OrderedDict()
        self._places: OrderedDict[str, _Places] = OrderedDict()
        self._guards: Gather[tuple[str, ...], tuple[int, ...]] = Gather(self._read_guards, lanes=1)
        self._workspace_id: str | None = None

    def only(self, workspace_id: str) -> "Access":
        """The same, of which nothing but one workspace can be seen."""
        narrowed = copy.copy(self)  # with the same sets behind it
        narrowed._workspace_id = workspace_id
        return narrowed

    async def workspaces(self, user_id: str, position: int | None = None) -> tuple[str, ...]:
        """The workspaces that somebody is in, at most a second old and not older than
        `position`. What they may see there only the set of each tells."""
        return tuple((await self.roles(user_id, position)).keys())

    async def roles(self, user_id: str, position: int | None = None) -> Mapping[str, str]:
        """As `workspaces`, with what they are in each."""
        roles = await self._roles(user_id, position)
        if self._workspace_id is None:
            return roles
        return {each: role for each, role in roles.items() if self._shows(each)}

    async def _roles(self, user_id: str, position: int | None) -> Mapping[str, str]:
        known = self._places.get(user_id)
        now = time.monotonic()
        if (
            known is None
            or now - known.asked_at > _PLACES_FRESH_S
            or (position is not None and known.position < position)
        ):
            person = await self._members.person(user_id)
            if position is not None and (person is None or person.position < position):
                await self._waiter.reached(MEMBERS_VIEW, position)
                person = await self._members.person(user_id)
            roles = {} if person is None else person.roles
            known = _Places(roles, 0 if person is None else person.position, now)
            self._places[user_id] = known
            if len(self._places) > _PEOPLE_KEPT:
                self._places.popitem(last=False)
        return known.roles

    async def of(self, workspace_id: str, guard: int = 0) -> AccessSet:
        """Who may what in a workspace, no older than the position `guard`.

        Raises Refused(VIEW_BEHIND) where the view of members does not get there in time.
        """
        if not is_id(workspace_id, "ws") or not self._shows(workspace_id):
            return AccessSet(workspace_id, guard)
        kept = self._sets.get(workspace_id)
        if kept is not None and kept.position >= guard:
            self._sets.move_to_end(workspace_id)
            return kept
        read = await self._waiter.at_least(
            MEMBERS_VIEW, guard, lambda: self._members.access(workspace_id)
        )
        self._keep(read)
        return read

    async def home(self, project_id: str, workspaces: Sequence[str]) -> str | None:
        """Which of these workspaces a project belongs to, as far as this process has heard; None
        where it has not. Nothing is said of who may see it."""
        for each in workspaces:
            if is_id(each, "ws") and project_id in (await self.of(each)).projects:
                return each
        return None

    async def now(self, workspace_id: str, guard: int) -> AccessSet | None:
        """As `of`, but None at once where the view of members is not there yet."""
        if not self._shows(workspace_id):
            return AccessSet(workspace_id, guard)
        kept = self._sets.get(workspace_id)
        if kept is not None and kept.position >= guard:
            return kept
        read = await self._members.access(workspace_id)
        if read.position < guard:
            return None
        self._keep(read)
        return read

    async def guard(self, workspace_id: str) -> int:
        """The position at which access to a workspace last changed, asked of the log now."""
        positions = await self._guards.get((workspace_id,))
        return positions[0] if positions else 0

    async def project_role(self, workspace_id: str, project_id: str, user_id: str) -> str | None:
        """What somebody is in a project now; None: to them it does not exist."""
        access = await self.of(workspace_id, await self.guard(workspace_id))
        return access.project_role(user_id, project_id)

    async def within(
        self, user_id: str, workspaces: Sequence[str], ask: Callable[[Scope], Awaitable[A]]
    ) -> A:
        """What `ask` answers within all that somebody may see in these workspaces.

        The question is asked again where access changed while it was out.
        """
        known = tuple(each for each in workspaces if is_id(each, "ws"))
        sets = [await self.of(each) for each in known]
        for _ in range(_TRIES):
            scope = joined(each.scope(user_id) for each in sets)
            asked = self._guards.asked(known)
            try:
                answer = await ask(scope)
            except BaseException:
                drop(asked)
                raise
            guards = await asked
            assert guards is not None  # there is an answer for every question
            if all(each.position >= guard for each, guard in zip(sets, guards, strict=True)):
                return answer
            sets = [await self.of(each, guard) for each, guard in zip(known, guards, strict=True)]
        raise Refused(Kind.OVERLOADED, "Access changes too fast to answer; try again.")

    async def known(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """As `newest`, but as this process knows it where it does: for what hardly changes."""
        if not is_id(stream, aggregate.kind):
            return None
        return self._shown(
            self._states.kept(aggregate, stream) or await self._states.read(aggregate, stream)
        )

    async def newest(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """The state of a stream as the log has it now; None for an id of another kind."""
        if not is_id(stream, aggregate.kind):
            return None
        if self._states.kept(aggregate, stream) is not None:
            await self._states.refresh(stream)
            state = self._states.kept(aggregate, stream)
            if state is not None:
                return self._shown(state)
        # None is kept, or whoever met a conflict has let go of it meanwhile.
        return self._shown(await self._states.read(aggregate, stream))

    async def newest_project(
        self, user_id: str, project_id: str
    ) -> tuple[Workspace, Project] | None:
        """A project and its workspace from the log itself, where somebody may see them."""
        project = await self.newest(PROJECT, project_id)
        if project is None:
            return None
        workspace = await self.newest(WORKSPACE, project.workspace_id)
        if workspace is None or project_role(workspace, project, user_id) is None:
            return None
        return workspace, project

    async def newest_task(self, user_id: str, task_id: str) -> tuple[Task, Project] | None:
        """A task and its project from the log itself, where somebody may see them."""
        task = await self.newest(TASK, task_id)
        if task is None or task.purged:
            return None
        place = await self.newest_project(user_id, task.project_id)
        return None if place is None else (task, place[1])

    def _shows(self, workspace_id: str) -> bool:
        return self._workspace_id in (None, workspace_id) or workspace_id == SYSTEM_WORKSPACE

    def _shown(self, state: S | None) -> S | None:
        return state if state is None or self._shows(state.workspace_id) else None

    def _keep(self, read: AccessSet) -> None:
        self._sets[read.workspace_id] = read
        self._sets.move_to_end(read.workspace_id)
        if len(self._sets) > _SETS_KEPT:
            self._sets.popitem(last=False)

    async def _read_guards(
        self, asked: Sequence[tuple[str, ...]]
    ) -> Mapping[tuple[str, ...], tuple[int, ...]]:
        names = {f"access:{each}" for workspaces in asked for each in workspaces}
        async with self._pool.connection() as connection:
            found = await fetch_prepared(connection, _GUARDS, (TextArray.of(list(names)),))
        positions: dict[str, int] = dict(found)
        return {
            workspaces: tuple(positions.get(f"access:{each}", 0) for each in workspaces)
            for workspaces in asked
        }


def joined(scopes: Iterable[Scope]) -> Scope:
    """All of these scopes together."""
    each = list(scopes)
    return Scope(
        workspaces=tuple(one for scope in each for one in scope.workspaces),
        hidden=tuple(one for scope in each for one in scope.hidden),
        projects=tuple(one for scope in each for one in scope.projects),
        guest_of=tuple(one for scope in each for one in scope.guest_of),
    )
