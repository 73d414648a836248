"""What labels are called, for answers that hold tags: kept by each process, and followed."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

from commands.states import States
from domain.labels.state import LABELS, Labels, labels_of, shown_otherwise
from domain.values.frozen import dataclass
from infra.access import Access
from infra.tasks import Shared

FRESH_FOR_S: Final = 0.25
MOST_KEPT: Final = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """The labels of a workspace (None: it has none), and which tags are not shown as they are:
    tag -> name, None where it is not shown. `asked_at` is on the loop's clock; `position` is the
    latest that somebody who asked had written."""

    labels: Labels | None
    shown: Mapping[str, str | None]
    asked_at: float
    position: int


class LabelDirectory:
    """What is kept is at most a quarter of a second older than the log, and never older than what
    this process itself has written or heard of."""

    def __init__(self, access: Access, states: States) -> None:
        self._access = access
        self._states = states
        self._kept: dict[str, Known] = {}
        self._asking: dict[str, Shared] = {}

    async def of(self, workspace_id: str, position: int | None = None) -> Known:
        """`position`: what the reader has written itself, and so must see."""
        asked_at = asyncio.get_running_loop().time()
        while True:
            known = self._fresh(workspace_id, position, asked_at)
            if known is not None:
                return known
            asking = self._asking.get(workspace_id)
            if asking is None:
                asking = Shared(partial(self._ask, workspace_id, position or 0))
                self._asking[workspace_id] = asking
            await asking.done()

    def _fresh(self, workspace_id: str, position: int | None, asked_at: float) -> Known | None:
        """What is kept, where that is good enough for somebody who asked then."""
        known = self._kept.get(workspace_id)
        if known is None or known.asked_at > asked_at:
            return known
        if known.position < (position or 0) or asked_at - known.asked_at >= FRESH_FOR_S:
            return None
        stream = labels_of(workspace_id)
        if self._states.behind(stream) is not None:
            return None
        written = self._states.kept(LABELS, stream)
        if written is None or written is known.labels:
            return known
        return self._keep(workspace_id, written, known.asked_at, known.position)

    async def _ask(self, workspace_id: str, position: int) -> None:
        asked_at = asyncio.get_running_loop().time()
        try:
            labels = await self._access.newest(LABELS, labels_of(workspace_id))
            self._keep(workspace_id, labels, asked_at, position)
        finally:
            del self._asking[workspace_id]

    def _keep(
        self, workspace_id: str, labels: Labels | None, asked_at: float, position: int
    ) -> Known:
        before = self._kept.get(workspace_id)
        shown: Mapping[str, str | None] = {}
        if before is not None and before.labels is labels:
            shown = before.shown
        elif labels is not None:
            shown = shown_otherwise(labels)
        if before is not None:
            position = max(position, before.position)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        known = self._kept[workspace_id] = Known(labels, shown, asked_at, position)
        return known
