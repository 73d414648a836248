"""What a command must say of itself before it may be run."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from commands.inverse import Consequence, Inverse, Inverses, NoInverse
from commands.work import Work
from domain.values.frozen import dataclass

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


@dataclass(frozen=True, slots=True)
class ByEvents:
    """Each of its events is taken back by the command that `commands.inverses` names for it."""


BY_EVENTS: Final = ByEvents()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec(Generic[C]):
    """One row of the table of contents.

    `handler` decides and records, and returns the stream that the answer shows. `writes` names
    the stream that the command changes, so that commands on one stream run one after another;
    None for what only makes new streams. `events` are all that it may record; `route` is where
    it is asked for. `inverse` says what takes it back.
    """

    command: type[C]
    handler: Callable[[C, Work], Awaitable[str]]
    events: tuple[type, ...]
    route: str
    inverse: ByEvents | NoInverse
    permission: Permission[C] | None = None
    writes: Callable[[C], str] | None = None


class Registry:
    """The commands that there are, and how the events that they record are taken back.

    A command without a permission is a fault of the program, and so is one whose inverse is
    promised and missing, or denied and there.
    """

    def __init__(
        self,
        *specs: CommandSpec[Any],
        inverses: Inverses | None = None,
    ) -> None:
        self._specs: dict[type, CommandSpec[Any]] = {}
        self._inverses: Inverses = inverses or {}
        self._reasons: dict[type, str] = {}
        for spec in specs:
            if spec.permission is None:
                raise ValueError(f"{spec.command.__name__} does not say who may do it")
            if spec.command in self._specs:
                raise ValueError(f"{spec.command.__name__} is registered twice")
            self._specs[spec.command] = spec
            self._note_inverse(spec)

    def __iter__(self) -> Iterator[CommandSpec[Any]]:
        return iter(self._specs.values())

    def spec_of(self, command: object) -> CommandSpec[Any]:
        """KeyError for a command that is not registered: nothing unknown is ever run."""
        return self._specs[type(command)]

    def inverse_of(self, event: object) -> Inverse | Consequence | NoInverse:
        """What takes an event back; of one that no command here records, nothing does."""
        kind = type(event)
        found = self._inverses.get(kind)
        return found or NoInverse(self._reasons.get(kind, "no command takes it back."))

    def _note_inverse(self, spec: CommandSpec[Any]) -> None:
        final = [event for event in spec.events if event not in self._inverses]
        name = spec.command.__name__
        match spec.inverse:
            case ByEvents() if final:
                raise ValueError(f"{name} says of no inverse for {final[0].__name__}")
            case NoInverse(reason):
                if not final:
                    raise ValueError(f"{name} has no inverse, but each of its events has one")
                for event in final:
                    self._reasons.setdefault(event, reason)
