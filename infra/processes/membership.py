"""Which generations of its views a group feeds: they are built, join, answer, and go."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence

import structlog

from infra.processes import dead_letters, generations
from infra.processes.broken import discard_broken
from infra.processes.build import JOIN_WITHIN, build_first, catch_up
from infra.processes.bulk_load import BuildLimits
from infra.processes.former import drop_former
from infra.processes.generations import Generation, Standing
from infra.processes.healing import heal_what_is_known_now
from infra.processes.kept_rows import RowLimits
from infra.processes.log import Log, NewIncarnation, head
from infra.processes.member import Member
from infra.processes.outages import Fenced, described
from infra.processes.sessions import Leadership, Sessions
from projections.projection import Projection

# Longer than who reads goes on with a pointer that was moved (infra.postgres.views.pointers).
DROP_AFTER_S = 5.0

# Many views may be built at once, and what is written meanwhile is projected in between.
_BESIDE_THE_WORK = BuildLimits(chunk_events=250, flush_events=40_000, flush_rows=5_000)

log = structlog.get_logger()


class Membership:
    """Of the views that `leadership` holds. `members` stays the same mapping as they come and go.

    `kept` are the rows that each table of a member has in memory. `on_built` is called whenever a
    build ends, well or not.
    """

    def __init__(
        self,
        views: Sequence[Projection],
        leadership: Leadership,
        sessions: Sessions,
        store: Log,
        log_id: str,
        kept: RowLimits,
        on_built: Callable[[], None],
    ) -> None:
        self.members: dict[Generation, Member] = {}
        self._views = {(view.name, view.version): view for view in views}
        self._leadership = leadership
        self._session = leadership.session
        self._sessions = sessions
        self._store = store
        self._log_id = log_id
        self._kept = kept
        self._on_built = on_built
        self._states: dict[Generation, str] = {}
        self._answers: set[Generation] = set()
        self._builds: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._dropping: asyncio.Task[None] | None = None

    @property
    def building(self) -> list[asyncio.Task[None]]:
        """What it has begun and is not done: for whoever ends it to cancel."""
        return [*self._builds.values(), *([] if self._dropping is None else [self._dropping])]

    @property
    def positions(self) -> Mapping[str, int]:
        """Of the generations that answer, by view."""
        return {
            generation.name: member.position
            for generation, member in self.members.items()
            if generation in self._answers
        }

    def filled(self) -> Mapping[Generation, Projection]:
        """The members, with what each of them is one of."""
        return {each: member.projection for each, member in self.members.items()}

    def is_joining(self, generation: Generation) -> bool:
        """Whether it is a member that does not keep up with the others yet."""
        return self._states.get(generation) == "joining"

    async def open(self) -> None:
        """Take up what there is, and heal what this code knows by now."""
        await self._leave_other_incarnations()
        await self.refresh(claim_all=True)
        for key, view in self._views.items():
            parked = [g for g, m in self.members.items() if m.projection is view and m.parked]
            if parked and key not in self._builds:
                work = heal_what_is_known_now(view, parked, self._store, self._sessions)
                self._start_build(key, work)

    async def refresh(self, *, claim_all: bool = False, writing: bool = False) -> bool:
        """Take up and let go members as their generations come and go; whether any was taken up.
        `writing`: something of ours is on its way, and checkpoints are not as they will be. Raises
        NewIncarnation, Fenced."""
        locks = self._session
        here = await head(locks)
        if here.log_id != self._log_id:
            raise NewIncarnation
        await discard_broken(locks, self._views)
        names = {name for name, _ in self._views}
        standings = [
            standing
            for standing in await generations.standings(locks, names)
            if (standing.generation.name, standing.generation.version) in self._views
        ]
        await self._begin_missing(standings)
        due = {
            each
            for each in await generations.retired(locks, DROP_AFTER_S)
            if (each.name, each.version) in self._views
        }
        fed = set(self.members)
        wanted = {
            s.generation: s
            for s in standings
            if s.state in ("joining", "live", "retired") and s.generation not in due
        }
        if not claim_all and not writing and self._overtaken(wanted):
            raise Fenced
        if claim_all:
            self.members.clear()
        for generation in self.members.keys() - wanted.keys():
            del self.members[generation]
        taken_up = await self._claim([s for g, s in wanted.items() if g not in self.members])
        self._states = {generation: wanted[generation].state for generation in self.members}
        self._answers = {s.generation for s in standings if s.answers}
        await self._welcome(here.position)
        # What was fed until now goes next time: the last batch for it may be on its way.
        self._drop(due - fed)
        await drop_former(self._leadership, self._views)
        return taken_up

    def _drop(self, due: Collection[Generation]) -> None:
        """Beside the work: who still reads one is waited for, and no view should be."""
        if self._dropping is not None or not due:
            return

        async def drop() -> None:
            async with self._sessions.open("dropping") as session:
                for generation in due:
                    await generations.drop(session, generation)

        def done(task: asyncio.Task[None]) -> None:
            self._dropping = None
            if not task.cancelled() and (error := task.exception()) is not None:
                log.warning("not_dropped", error=described(error))

        self._dropping = asyncio.create_task(drop(), name="drop generations")
        self._dropping.add_done_callback(done)

    def _overtaken(self, wanted: Mapping[Generation, Standing]) -> bool:
        """Whether a checkpoint is not as we left it."""
        return any(
            generation in wanted
            and (wanted[generation].epoch, wanted[generation].position)
            != (member.epoch, member.position)
            for generation, member in self.members.items()
        )

    async def _begin_missing(self, standings: Sequence[Standing]) -> None:
        """A version without a generation that could answer gets one, built from the log."""
        present = {
            (s.generation.name, s.generation.version)
            for s in standings
            if s.answers or s.state in ("joining", "live")
        }
        for key, view in self._views.items():
            if key not in present and key not in self._builds:
                log.info("view_begun", view=f"{view.name} v{view.version}")
                self._start_build(key, build_first(view, *self._build_with()))

    def _start_build(self, key: tuple[str, int], work: Coroutine[None, None, None]) -> None:
        def done(task: asyncio.Task[None]) -> None:
            del self._builds[key]
            if not task.cancelled() and (error := task.exception()) is not None:
                log.warning("build_failed", view=key[0], version=key[1], exc_info=error)
            self._on_built()

        task = asyncio.create_task(work, name=f"build {key[0]} v{key[1]}")
        task.add_done_callback(done)
        self._builds[key] = task

    def _build_with(self) -> tuple[Log, Sessions, str, BuildLimits]:
        return self._store, self._sessions, self._log_id, _BESIDE_THE_WORK

    async def _claim(self, standings: Sequence[Standing]) -> bool:
        """Take over generations that are near, and say whether there were any; have those caught
        up apart that are not."""
        positions = [standing.position for standing in standings]
        positions += [member.position for member in self.members.values()]
        furthest = max(positions, default=0)
        near = []
        for standing in standings:
            generation = standing.generation
            key = (generation.name, generation.version)
            if standing.position >= furthest - JOIN_WITHIN:
                near.append(generation)
            elif key not in self._builds:
                log.info("view_far_behind", view=str(generation), position=standing.position)
                work = catch_up(self._views[key], generation, *self._build_with())
                self._start_build(key, work)
        claims = await generations.claim(self._session, near, self._log_id)
        for generation, (position, epoch) in claims.items():
            self.members[generation] = Member(
                self._views[generation.name, generation.version],
                generation,
                position,
                epoch,
                await dead_letters.parked(self._session, generation),
                self._kept,
            )
        return bool(claims)

    async def _welcome(self, head_position: int) -> None:
        """Who joins and is as far as the rest, is live; who is the first of its view, answers."""
        session = self._session
        furthest = max((member.position for member in self.members.values()), default=0)
        alone = len(self.members) == 1
        enough = head_position if alone else furthest
        answered = {(g.name, g.version) for g in self._answers}
        for generation, member in self.members.items():
            if member.position < enough:
                continue
            if self._states[generation] == "joining":
                await generations.set_state(session, generation, "live")
                self._states[generation] = "live"
                log.info("generation_joined", view=str(generation), position=member.position)
            key = (generation.name, generation.version)
            if key not in answered and await generations.point(session, generation):
                self._answers.add(generation)
                answered.add(key)
                log.info("view_answers", view=str(generation))

    async def _leave_other_incarnations(self) -> None:
        names = [name for name, _ in self._views]
        for generation in await generations.adopt(self._session, names, self._log_id):
            log.error("view_is_ahead_of_the_log", view=str(generation))
            await generations.discard(self._session, generation)
