"""What lists and feeds may be asked: who sees what, and which part of a long answer is wanted."""

from dataclasses import field, replace

from domain.values.frozen import dataclass

from .held import Filled

MOST_ROWS_DEEP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one asker may see, made by the door from their permissions, never from the request.

    Every project of `workspaces`, those in `hidden` left out, and `projects` beside them (of
    `guest_of`: workspaces of which the asker sees only these).
    """

    workspaces: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    guest_of: tuple[str, ...] = ()

    @property
    def tenants(self) -> tuple[str, ...]:
        """The workspaces whose rows the database may show at all."""
        return self.workspaces + self.guest_of

    def shows(self, workspace_id: str, project_id: str) -> bool:
        """Whether the asker sees this project of this workspace."""
        if project_id in self.projects:
            return True
        return workspace_id in self.workspaces and project_id not in self.hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of a list: `limit` of them after `cursor`, or after the row whose id is
    `after_id`, or after the first `skip` (at most MOST_ROWS_DEEP). `total` asks for the count."""

    limit: int = 100
    cursor: str | None = None
    after_id: str | None = None
    skip: int = 0
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of a list. `docs` are the answers' JSON objects joined by commas, `count` of them,
    with places for people's names still open. `position` is what the view has seen; None for
    `total` where it was not asked for, and it is the least there are where it is not exact.
    `stale`: streams that the view has parked, so that what they feed may be old or missing;
    `parked`: whether there were any when the rows were read. `filled`: how it left last, where it
    is kept to be given again."""

    docs: bytes
    count: int
    has_more: bool
    next_cursor: str | None
    position: int
    total: int | None = None
    total_is_exact: bool = True
    stale: tuple[str, ...] = ()
    parked: bool = False
    filled: Filled = field(default_factory=Filled, compare=False, repr=False)

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory: as it is, as it left last, and its marks."""
        return 3 * len(self.docs)

    def at(self, position: int) -> "Listing":
        """The same, as of that position."""
        return self if position == self.position else replace(self, position=position)
