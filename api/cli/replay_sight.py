"""What one user may replay: which streams are theirs to see today, and which states of them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from api.cli.door import Door
from api.http import references
from api.http.other_tasks import visible_tasks
from domain.aggregates import AGGREGATES
from domain.comment.state import COMMENT
from domain.errors import not_found
from domain.task.state import Task
from domain.values.evolved import evolved
from domain.values.ids import SYSTEM_WORKSPACE, beside, kind_of
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE
from infra.replays import Step

# What somebody decides for themselves.
_PERSONAL: Final = frozenset({"favs", "inbox", "prefs"})
_OF_A_TASK: Final = frozenset({"cmt", "rec", "due"})


class Sight:
    """Of one user. Whoever reads the trail of a workspace sees all of it but what people decide
    for themselves; everybody else, what the doors show them."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._call = door.call()
        self._projects: dict[str, bool] = {}
        self._tasks: Collection[str] = ()
        self._reads_trail = False

    async def stream(self, ref: str, workspace_id: str | None) -> str:
        """The stream that an id names, or the key of a task or a project. Raises Refused."""
        kind = kind_of(ref)
        if kind is not None:
            if kind not in AGGREGATES:
                raise not_found("stream")
            return ref
        if "-" in ref:
            return await references.task_id(self._call, ref)
        return await references.project_id(self._call, ref, workspace_id)

    async def look_at(self, last: Step, tasks_named: Collection[str]) -> None:
        """Before anything is shown of a stream: its last step, and the other tasks that it ever
        named. Raises Refused(NOT_FOUND)."""
        workspace_id, stream, state = last.row.workspace_id, last.row.stream, last.after
        if workspace_id != SYSTEM_WORKSPACE:
            workspace = await self._call.access.newest(WORKSPACE, workspace_id)
            if workspace is not None:
                rights = workspace_rights(workspace, self._door.user_id)
                self._reads_trail = Right.READ_TRAIL in rights
        if not await self._may_see(stream, state):
            raise not_found("stream")
        if tasks_named and not self._reads_trail:
            self._tasks = await visible_tasks(self._call, tasks_named)

    async def shown(self, state: Any) -> Any:
        """A state as they may see it today; None where it stood in a project that is hidden from
        them. Of other tasks nothing is left that they may not see."""
        if self._reads_trail or not isinstance(state, Task):
            return state
        if not await self._sees_project(state.project_id):
            return None
        kept = {
            edge: each for edge, each in state.dependencies.items() if each.task_id in self._tasks
        }
        return evolved(state, dependencies=kept)

    async def names(self, user_ids: Iterable[str]) -> Mapping[str, bytes]:
        """As JSON, of those who have one."""
        return await self._door.house.directory.names(set(user_ids))

    async def _may_see(self, stream: str, state: Any) -> bool:
        user_id, access = self._door.user_id, self._call.access
        kind = kind_of(stream)
        if kind == "user":
            return stream == user_id
        if kind in _PERSONAL:
            return state is not None and bool(state.user_id == user_id)
        if self._reads_trail:
            return True
        if kind == "task":
            return (await self._door.get(f"/tasks/{stream}", trashed="true")).status == 200
        if kind == "proj":
            return (await self._door.get(f"/projects/{stream}")).status == 200
        if kind == "rct":
            state = await access.newest(COMMENT, beside("cmt", stream))
            kind = "cmt"
        if kind in _OF_A_TASK:
            return state is not None and await self._sees_task(state.task_id)
        if kind == "view":
            if state is None:
                return False
            shared = state.project_id is not None and await self._sees_project(state.project_id)
            return shared or bool(state.owner_id == user_id)
        return False

    async def _sees_task(self, task_id: str) -> bool:
        return await self._call.access.newest_task(self._door.user_id, task_id) is not None

    async def _sees_project(self, project_id: str) -> bool:
        known = self._projects.get(project_id)
        if known is None:
            found = await self._call.access.newest_project(self._door.user_id, project_id)
            known = self._projects[project_id] = found is not None
        return known
