"""In which forms a trail leaves the product: one table for every door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from commands.states import States
from domain.values.frozen import dataclass
from domain.values.text import shown
from domain.workspace.state import WORKSPACE
from infra.event_store.rows import moment
from infra.event_store.store import PostgresEventStore
from infra.exports.bundle import write_bundle
from infra.exports.filters import TrailFilter
from infra.exports.jsonl import write_jsonl
from infra.exports.ocel import Told
from infra.exports.progress import Begin
from infra.exports.report import About, Report, report
from infra.exports.report_html import report_html
from infra.exports.snapshot import Snapshot
from infra.exports.trail import Trail
from infra.exports.trail_csv import trail_csv
from infra.exports.trail_walk import TrailEvent, trail_events
from infra.exports.whereabouts import Whereabouts
from infra.exports.whole_file import Digested
from infra.exports.workspace_ocel import WorkspaceOcel
from infra.keys.content_keys import KeyRing
from infra.postgres.pool import Pool
from infra.postgres.views.waiting import ViewWaiter
from infra.trail.reading import Trail as TrailView
from projections.trail_query import TrailFilter as TrailQuestion

TakeSnapshot = Callable[[str], Awaitable[Snapshot]]
"""Of a workspace, no older than the question. Raises Refused where nothing is signed in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What files are made of: the log with its proofs, and the view of the trail. `fresh_ring` has
    no key yet: one that was destroyed meanwhile opens nothing in a new file."""

    pool: Pool
    fresh_ring: Callable[[], KeyRing]
    take_snapshot: TakeSnapshot
    store: PostgresEventStore
    view: TrailView
    waiter: ViewWaiter
    objects: WorkspaceOcel
    whereabouts: Whereabouts
    states: States


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One file. `out` takes its content; in `folder` there may be others meanwhile."""

    out: Digested
    folder: Path
    workspace_id: str
    wanted: TrailFilter
    sources: Sources
    begin: Begin


@dataclass(frozen=True, slots=True)
class Written:
    """How many events a file tells, and the size of the tree that proves it (0: none does)."""

    events: int
    tree_size: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """`write` gives the file all of its content; `suffix` and `media` say what that is."""

    write: Callable[[Making], Awaitable[Written]]
    suffix: str
    media: str


async def _bundle(making: Making) -> Written:
    sources = making.sources
    snapshot = await sources.take_snapshot(making.workspace_id)
    events = await write_bundle(
        making.out,
        making.folder,
        Trail(sources.pool, making.workspace_id),
        sources.fresh_ring(),
        snapshot,
        making.wanted,
        making.begin,
    )
    return Written(events, snapshot.size)


async def _jsonl(making: Making) -> Written:
    sources = making.sources
    snapshot = await sources.take_snapshot(making.workspace_id)
    events = await write_jsonl(
        making.out,
        Trail(sources.pool, making.workspace_id),
        sources.fresh_ring(),
        snapshot,
        making.wanted,
        making.begin,
    )
    return Written(events, snapshot.size)


class _Told:
    """Events of the trail as the view has them, counted as they go by."""

    def __init__(self, making: Making, upto: int) -> None:
        self._making = making
        self._upto = upto
        self.events = 0

    async def all(self) -> AsyncIterator[TrailEvent]:
        making, sources, wanted = self._making, self._making.sources, self._making.wanted
        asked = TrailQuestion(
            actors=() if wanted.actor is None else (wanted.actor,),
            streams=() if wanted.stream is None else (wanted.stream,),
            since=_at(wanted.since),
            until=_at(wanted.until),
        )
        moved = making.begin("Exporting", self._upto)
        async for event in trail_events(
            sources.view, sources.waiter, making.workspace_id, asked, self._upto
        ):
            self.events += 1
            moved(event["position"])
            yield event


async def _csv(making: Making) -> Written:
    told = _Told(making, await making.sources.store.head())
    async for piece in trail_csv(told.all()):
        making.out.content(piece)
    return Written(told.events)


async def _html(making: Making) -> Written:
    return await _reported(making, report_html)


async def _pdf(making: Making) -> Written:
    # Here, since only who wants this waits for the library that writes PDF.
    from infra.exports.report_pdf import report_pdf

    return await _reported(making, report_pdf)


async def _reported(making: Making, rendered: Callable[[Report], bytes]) -> Written:
    """Of nothing that its checkpoint does not cover."""
    sources, workspace_id = making.sources, making.workspace_id
    upto = await sources.store.head()
    snapshot = await sources.take_snapshot(workspace_id)
    workspace = await sources.states.read(WORKSPACE, workspace_id)

    async def projects_of(events: Sequence[tuple[str, int]]) -> Mapping[int, str]:
        return await sources.whereabouts.before(workspace_id, events)

    about = About(
        workspace=workspace_id if workspace is None else shown(workspace.name, workspace_id),
        workspace_id=workspace_id,
        log_id=snapshot.log_id,
        asked=making.wanted.as_asked(),
        upto=upto,
        note=snapshot.note.decode(),
    )
    told = _Told(making, upto)
    made = await report(about, told.all(), projects_of, sources.states)
    making.out.content(await asyncio.to_thread(rendered, made))
    return Written(told.events, snapshot.size)


async def _ocel(making: Making) -> Written:
    sources, wanted = making.sources, making.wanted
    log = Trail(sources.pool, making.workspace_id)
    head = await sources.store.head()
    after, upto = 0, head
    if wanted.since is not None:
        after = await log.position_at(wanted.since, inclusive=False)
    if wanted.until is not None:
        upto = min(head, await log.position_at(wanted.until, inclusive=True))
    making.begin("Exporting", 1)
    told = Told()
    async for piece in sources.objects.pieces(making.workspace_id, after, upto, told):
        making.out.content(piece)
    return Written(told.events)


def _at(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment(microseconds)


FORMATS: Final[Mapping[str, Format]] = {
    "bundle": Format(_bundle, "bundle", "application/octet-stream"),
    "jsonl": Format(_jsonl, "jsonl", "application/jsonl"),
    "csv": Format(_csv, "csv", "text/csv; charset=utf-8"),
    "html": Format(_html, "html", "text/html; charset=utf-8"),
    "pdf": Format(_pdf, "pdf", "application/pdf"),
    "ocel2": Format(_ocel, "json", "application/json"),
}
