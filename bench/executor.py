"""What a command costs in Python alone: permission, decision, commit and fold, over a log that
does nothing. `python -m bench.executor`."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime

from commands.commit import Commit, Receipt
from commands.execution import Executor
from commands.ports import Descendant
from commands.project.create_project import CreateProject
from commands.registry import all_commands
from commands.task.create_task import CreateTask
from commands.task.edit_task import EditTask
from commands.user.register_user import RegisterUser
from domain.values.recorded import Origin, Recorded
from infra.ids import new_id

ROUNDS = 5
A_ROUND = 2_000


class NoLog:
    """Takes every commit and holds nothing."""

    def __init__(self) -> None:
        self._position = 0

    async def append(self, commit: Commit) -> Receipt:
        self._position += len(commit.events)
        numbers = tuple(None if new.draws is None else self._position for new in commit.events)
        return Receipt(self._position, datetime.now(UTC), commit.main_stream, 1, numbers)

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        return ()

    async def read_log(
        self, after: int, upto: int | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        yield ()

    async def find_command(self, command_id: bytes, digest: bytes | None) -> Receipt | None:
        return None

    async def claimed_by(self, scope: str, value: str) -> str | None:
        return None

    async def head(self) -> int:
        return self._position

    async def streams_since(
        self, workspace_id: str, events: Sequence[type], position: int
    ) -> tuple[int, Sequence[str]]:
        return self._position, ()


class NoBoard:
    """Has no cards."""

    async def neighbours(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        beside: str,
        after: bool,
        position: int,
    ) -> tuple[str | None, str | None]:
        return None, None

    async def tasks_in_status(
        self, project_id: str, status: str, position: int, limit: int
    ) -> Sequence[str]:
        return ()


class NoComments:
    """Nobody ever said anything."""

    async def has_commented(
        self, workspace_id: str, task_id: str, user_id: str, since: int, position: int
    ) -> bool:
        return False


class NoTrees:
    """Nothing stands below anything."""

    async def descendants(
        self, workspace_id: str, task_id: str, position: int, limit: int
    ) -> Sequence[Descendant]:
        return ()


class NoTrail:
    async def first_act(
        self, workspace_id: str, actor_id: str, first: int, last: int
    ) -> int | None:
        return None


async def main() -> None:
    executor = Executor(
        registry=all_commands(),
        store=NoLog(),
        board=NoBoard(),
        comments=NoComments(),
        trees=NoTrees(),
        trail=NoTrail(),
        clock=lambda: datetime.now(UTC),
        new_id=new_id,
        secret=b"",
    )
    ann = new_id("user")
    origin = Origin(ann)
    await executor.execute(
        [RegisterUser(user_id=ann, username="ann", email="ann@example.org")], origin
    )
    project = await executor.execute([CreateProject(name="Website")], origin)
    create = CreateTask(
        title="Fix the login page",
        project_id=project.main_stream,
        description="It fails on Fridays.",
        priority="high",
        assignee_ids=(ann,),
        tags=("web", "login"),
    )
    task = await executor.execute([create], origin)

    async def creates(n: int) -> None:
        await executor.execute([create], origin)

    async def keyed(n: int) -> None:
        await executor.execute([create], origin, idempotency_key=str(n), digest=b"")

    async def edits(n: int) -> None:
        await executor.execute([EditTask(task_id=task.main_stream, title=str(n))], origin)

    for name, run in (("create", creates), ("create, keyed", keyed), ("edit the title", edits)):
        took = [await _round(run) for _ in range(ROUNDS)]
        print(f"{name:16} {min(took):6.1f} us  median {statistics.median(took):6.1f} us")


async def _round(run: Callable[[int], Awaitable[None]]) -> float:
    """Microseconds of this process's own time for one."""
    begun = time.process_time()
    for n in range(A_ROUND):
        await run(n)
    return (time.process_time() - begun) / A_ROUND * 1e6


if __name__ == "__main__":
    asyncio.run(main())
