"""What a command may ask of the world."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from commands.commit import Commit, Receipt
from domain.aggregate import Versioned
from domain.errors import Kind, Refused
from domain.task.wip import Standing
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded


class StreamMoved(Refused):
    """Another writer was first: read `streams` (and `guards`) again and decide again."""

    def __init__(self, streams: Sequence[str] = (), guards: Sequence[str] = ()) -> None:
        super().__init__(Kind.CONFLICT, "Somebody else changed this at the same time; try again.")
        self.streams = tuple(streams)
        self.guards = tuple(guards)


class Sealed(Protocol):
    """A row of the log as it travels, not yet opened."""

    @property
    def stream(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def payload(self) -> bytes: ...

    @property
    def metadata(self) -> bytes: ...


class EventStore(Protocol):
    async def append(self, commit: Commit) -> Receipt:
        """Append whole or not at all.

        Raises StreamMoved, Refused(ALREADY_EXISTS, field=...) for a taken claim,
        Refused(IDEMPOTENCY_KEY_REUSED), Refused(OVERLOADED), Refused(DEPENDENCY_DOWN) where it
        is certain that nothing was appended. A doubt about a lost connection is settled inside.
        """
        ...

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        """Events of one stream, versions `after` < v <= `upto`, in order."""
        ...

    async def read_command(self, workspace_id: str, position: int) -> Sequence[Recorded]:
        """All events of the command that recorded this position, in order, those of other
        tenants left out; none where the position itself is not of the workspace."""
        ...

    async def decode(self, rows: Sequence[Any]) -> Sequence[Recorded]:
        """Rows that this store gave away (`Sealed`), opened."""
        ...

    def read_log(self, after: int, upto: int | None = None) -> AsyncIterator[Sequence[Recorded]]:
        """Events by position, in batches, each from a short transaction of its own."""
        ...

    async def find_command(self, command_id: bytes, digest: bytes | None) -> Receipt | None:
        """The receipt of a command that is in the log already (`replayed` True), else None.

        Raises Refused(IDEMPOTENCY_KEY_REUSED) when it was another request.
        """
        ...

    async def claimed_by(self, scope: str, value: str) -> str | None:
        """The stream that holds this unique value, else None."""
        ...

    async def head(self) -> int:
        """The last position, 0 for an empty log."""
        ...

    async def streams_since(
        self, workspace_id: str, events: Sequence[type], position: int
    ) -> tuple[int, Sequence[str]]:
        """The streams of a workspace on which an event of one of these classes stands after a
        position; and the log's last position then."""
        ...

    async def touched(self, guard: str) -> int:
        """The position of the last event that touched a guard, 0 where there is none."""
        ...


class Snapshots(Protocol):
    """States of long streams, kept so that reading one does not mean reading its whole past."""

    async def load(self, stream: str) -> Versioned | None:
        """The state that was kept last, None where there is none that this code can use."""
        ...

    async def save(self, stream: str, state: Versioned) -> None:
        """Keep it, unless a newer one is kept. Failing to is no error."""
        ...


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware, in UTC."""
        ...


class NewId(Protocol):
    def __call__(self, kind: str) -> str:
        """A fresh TypeID (UUIDv7) of this kind, such as `task`."""
        ...


class BoardReader(Protocol):
    """Questions to the board that a decision needs, at a position no older than `position`."""

    async def neighbours(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        beside: str,
        after: bool,
        position: int,
    ) -> tuple[str | None, str | None]:
        """The ranks between which a card lands that goes directly before or after `beside`,
        the moving card itself (`task_id`) left out."""
        ...

    async def stretch(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        reach: int,
        position: int,
    ) -> Sequence[tuple[str, str]]:
        """Cards (task id, rank) around one of them in these statuses, in order, in the trash or
        not: at most `reach` before it and after it. Empty where it stands elsewhere."""
        ...

    async def standing(
        self,
        project_id: str,
        statuses: Sequence[str],
        lanes: Mapping[str, Sequence[str]],
        guard: str,
        position: int,
    ) -> tuple[Standing, int]:
        """What stands in these statuses, and in each of these lanes, the trash apart, at a
        position no older than `position` and than the one at which the guard was last touched;
        and a position at which the guard may be asserted for it. `lanes`: lane -> that lane as
        cards hold it, in one or several ways."""
        ...

    async def tasks_in_status(
        self, project_id: str, status: str, position: int, limit: int
    ) -> Sequence[str]:
        """Ids of at most `limit` tasks (trashed ones too) that stand in a status."""
        ...


class CommentReader(Protocol):
    """Questions to the comments that a decision needs, at a position no older than `position`."""

    async def has_commented(
        self, workspace_id: str, task_id: str, user_id: str, since: int, position: int
    ) -> bool:
        """Whether somebody said something about a task after the position `since` that has not
        been deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Descendant:
    """A task somewhere below another one: `level` 1 stands directly below it."""

    task_id: str
    parent_task_id: str
    project_id: str
    status: str
    trashed: bool
    level: int


class TrailReader(Protocol):
    """Questions to the trail that a decision needs."""

    async def first_act(
        self, workspace_id: str, actor_id: str, first: int, last: int
    ) -> int | None:
        """Where between two positions somebody did something in a workspace that others have to
        look at, the first of it; None where they did not. `last` is in the log."""
        ...


class TreeReader(Protocol):
    """Questions to the tasks below a task, at a position no older than `position`."""

    async def descendants(
        self, workspace_id: str, task_id: str, position: int, limit: int
    ) -> Sequence[Descendant]:
        """All that stand below it, trashed ones too, each after the one that it stands below; no
        more than `limit`."""
        ...
