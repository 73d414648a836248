"""What a command must say of itself before it may be run."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from commands.work import Work

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Access:
    """Granted: in which workspace the command runs. `caller` is who an Idempotency-Key belongs
    to where that is not the actor."""

    workspace_id: str
    caller: str | None = None


class Permission(Protocol[C_contra]):
    async def check(self, command: C_contra, work: Work) -> Access:
        """Raises Refused(NOT_FOUND) or Invalid for what the caller may not see, and
        Refused(FORBIDDEN) for what they may see but not do."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec(Generic[C]):
    """One row of the table of contents.

    `handler` decides and records, and returns the stream that the answer shows. `writes` names
    the stream that the command changes, so that commands on one stream run one after another;
    None for what only makes new streams. `events` are all that it may record; `route` is where
    it is asked for.
    """

    command: type[C]
    handler: Callable[[C, Work], Awaitable[str]]
    events: tuple[type, ...]
    route: str
    permission: Permission[C] | None = None
    writes: Callable[[C], str] | None = None


class Registry:
    """The commands that there are. A command without a permission is a fault of the program."""

    def __init__(self, *specs: CommandSpec[Any]) -> None:
        self._specs: dict[type, CommandSpec[Any]] = {}
        for spec in specs:
            if spec.permission is None:
                raise ValueError(f"{spec.command.__name__} does not say who may do it")
            if spec.command in self._specs:
                raise ValueError(f"{spec.command.__name__} is registered twice")
            self._specs[spec.command] = spec

    def __iter__(self) -> Iterator[CommandSpec[Any]]:
        return iter(self._specs.values())

    def spec_of(self, command: object) -> CommandSpec[Any]:
        """KeyError for a command that is not registered: nothing unknown is ever run."""
        return self._specs[type(command)]
