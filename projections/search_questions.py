"""What a search asks and is answered, and the port behind which an index of words stands.

An index says which tasks meet a text and how well, nothing else. What the asker may see, every
filter, and what an answer shows are the view of tasks' own, asked with the index's tasks at the
time of the question; so an index that is behind, or wrong, gives nothing away.
"""

from collections.abc import Sequence
from dataclasses import replace
from heapq import nlargest
from typing import Final, Protocol

from domain.values.frozen import dataclass

from .questions import Listing, Scope
from .search_query import AskedText

# Of up to so many tasks that meet a text all are looked at; of more, no more than MOST_RANKED.
MOST_HITS: Final = 10_000
MOST_RANKED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Hits:
    """Tasks that meet a text, each with how well. `whole`: there are no others. `position` is
    what the index shows at least; `backend` says whose answer it is."""

    task_ids: Sequence[str]
    scores: Sequence[float]
    whole: bool
    position: int
    backend: str

    def best(self, most: int) -> "Hits":
        """Those that meet it best, no more than so many, of equally good ones the last made;
        itself where it has no more."""
        if len(self.task_ids) <= most:
            return self
        pairs = nlargest(most, zip(self.scores, self.task_ids, strict=True))
        scores, task_ids = zip(*pairs, strict=True)
        return replace(self, task_ids=task_ids, scores=scores, whole=False)


class IndexAway(Exception):
    """The index cannot be asked now, or is too far behind to be."""


class SearchIndex(Protocol):
    """Finds tasks by words, within the workspaces and projects that the scope shows.

    What it finds beyond the scope, for it does not know yet what changed, is left out by whoever
    asks. `among`: these tasks alone; `project_ids`: those of these projects alone, where it is
    not empty. `position`: what the answer has to show at least. Of more than MOST_HITS tasks it
    gives MOST_RANKED, the best or those that changed last.
    """

    async def hits(
        self,
        scope: Scope,
        asked: AskedText,
        *,
        project_ids: Sequence[str] = (),
        among: Sequence[str] | None = None,
        position: int | None = None,
    ) -> Hits:
        """Raises IndexAway."""
        ...


@dataclass(frozen=True, slots=True)
class TaskFound:
    """What a search says of a task beside the task itself: how well it meets the text (None:
    where none was asked for), and the texts in which it does, HTML, what was met within <em>.
    `highlight` is the best piece of them."""

    score: float | None
    highlight: str | None
    title: str | None
    description: str | None
    comments: tuple[str, ...]


NOTHING_SAID: Final = TaskFound(None, None, None, None, ())


@dataclass(frozen=True, slots=True)
class Searched:
    """A page of tasks, and what is said of each, in its order. `whole`: all that meet the text
    were looked at, and not only MOST_RANKED of them."""

    listing: Listing
    found: Sequence[TaskFound]
    whole: bool
    backend: str

    @property
    def position(self) -> int:
        """What all of it shows at least."""
        return self.listing.position
