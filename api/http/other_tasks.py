"""Which of the other tasks that an answer names its caller may see."""

from asyncio import gather
from collections.abc import Collection
from typing import Final

from api.http.absence import if_seen
from api.http.call import Call
from infra.postgres.views.dependency_queries import Seen
from projections.questions import Scope

# So many that the view has never heard of are asked of the log: those just made.
_MOST_ASKED: Final = 100


async def visible_tasks(call: Call, task_ids: Collection[str]) -> set[str]:
    """Those of some tasks that the caller may see, without those in the trash."""
    house, user_id = call.house, call.caller.user_id

    async def ask(scope: Scope) -> Seen:
        return await house.dependencies.seen(scope, task_ids)

    async def in_view() -> Seen:
        workspaces = await call.access.workspaces(user_id, call.position)
        return await call.access.within(user_id, workspaces, ask)

    seen = await if_seen(in_view()) or Seen((), ())
    unknown = sorted(set(task_ids).difference(seen.known))[:_MOST_ASKED]
    found = await gather(*(call.access.newest_task(user_id, each) for each in unknown))
    just_made = {each[0].task_id for each in found if each is not None and not each[0].trashed}
    return just_made.union(seen.visible)
