"""The product's own views over a day's work: however events came, a rebuild finds the same rows."""

import itertools
import random
from collections.abc import Iterator

from bench.work import Work
from commands.commit import Commit
from domain.project.events import ProjectTeamAdded, ProjectTeamRemoved, ProjectTeamRoleChanged
from domain.workspace.events import (
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
)
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.nats.connection import NatsConnection
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.nats.wake import CommitWaker
from infra.nats.wire import encode_batch, message_id
from infra.processes.bulk_load import BuildLimits
from infra.processes.group import ProjectorLimits
from infra.processes.kept_rows import RowLimits
from infra.processes.projector import Projector
from infra.processes.rebuild import Rebuild
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from infra.processes.shards import Builders
from projections.registry import VIEWS
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import SampleLog
from tests.infra.processes.sharing import Beside


class Membership(Work):
    """People, teams and what projects name them as, changing as often as nowhere else."""

    def changes(self, count: int) -> Iterator[Commit]:
        chance = self._chance
        for workspace in self._workspaces:
            for user in self._users:
                joined = WorkspaceMemberAdded(user_id=user, role="member")
                yield self._commit(user, workspace, workspace, joined)
        teams = [(new_id("team"), workspace) for workspace in self._workspaces for _ in range(3)]
        for team, workspace in teams:
            made = TeamCreated(team_id=team, name=self._text(2))
            yield self._commit(self._users[0], workspace, workspace, made)
        for _ in range(count):
            team, workspace = chance.choice(teams)
            user = chance.choice(self._users)
            project = chance.choice([each for each, _, home in self._projects if home == workspace])
            role = chance.choice(("viewer", "member", "admin"))
            event = chance.choice(
                (
                    TeamMemberAdded(team_id=team, user_id=user),
                    TeamMemberAdded(team_id=team, user_id=user),
                    TeamMemberRemoved(team_id=team, user_id=user),
                    TeamRenamed(team_id=team, name=self._text(2), was=""),
                    TeamDeleted(team_id=team, was="", members=tuple(self._users)),
                    WorkspaceMemberRemoved(user_id=user, was="member"),
                    WorkspaceMemberAdded(user_id=user, role="member"),
                    ProjectTeamAdded(team_id=team, role=role),
                    ProjectTeamAdded(team_id=team, role=role),
                    ProjectTeamRoleChanged(team_id=team, role=role, was="viewer"),
                    ProjectTeamRemoved(team_id=team, was=role),
                )
            )
            in_project = isinstance(
                event, ProjectTeamAdded | ProjectTeamRoleChanged | ProjectTeamRemoved
            )
            yield self._commit(user, workspace, project if in_project else workspace, event)


def every_view_is_at(log: SampleLog, position: int) -> bool:
    found = log.ask(
        "SELECT position FROM ops.checkpoints"
        " JOIN ops.projection_pointers USING (name, version, generation)"
    )
    return found == [(position,)] * len(VIEWS)


async def assert_a_rebuild_finds_no_difference(
    store: PostgresEventStore,
    sessions: Sessions,
    nats: NatsConnection,
    builders: Builders | None = None,
) -> None:
    limits = BuildLimits(
        chunk_events=97, flush_events=200, flush_rows=150, kept=RowLimits(40, 10**9)
    )
    for view in VIEWS:
        rebuild = Rebuild(view, store, sessions, nats, limits=limits, builders=builders)
        outcome = await rebuild.run(compare=True)
        assert outcome.comparison is not None
        assert outcome.comparison.differences == [], view.name


async def test_live_rows_are_those_of_a_rebuild(
    store: PostgresEventStore,
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
) -> None:
    work = Work(11, projects=6, below_of_ten=6)
    run(Relay(store, sessions, nats, owner="test").run())
    limits = ProjectorLimits(batch_events=23, kept=RowLimits(15, 10**9))
    projector = run(Projector(VIEWS, store, sessions, nats, limits=limits).run())
    wake = CommitWaker(nats, log.log_id())
    for number, commit in enumerate(itertools.chain(work.beginning(), work.someday(900))):
        wake((await store.append(commit)).position)
        if number % 250 == 249:  # killed, and begun again
            projector.cancel()
            projector = run(Projector(VIEWS, store, sessions, nats, limits=limits).run())
    head = await store.head()
    await until(lambda: every_view_is_at(log, head))
    assert log.ask("SELECT * FROM ops.dead_letters") == []
    together = Beside(3, store, sessions)
    await assert_a_rebuild_finds_no_difference(store, sessions, nats, together)
    assert together.followed == 3 * sum(view.by_workspace for view in VIEWS)


async def test_twice_late_and_in_bits_is_the_same_as_once(
    store: PostgresEventStore,
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
) -> None:
    work = Work(12, projects=4, below_of_ten=3)
    for commit in itertools.chain(work.beginning(), work.someday(500)):
        await store.append(commit)
    head = await store.head()
    stream = LogStream(nats, Subjects(log.log_id()), StreamLimits())
    await stream.ensure()
    chance = random.Random(5)
    limits = ProjectorLimits(batch_events=31, kept=RowLimits(15, 10**9))
    run(Projector(VIEWS, store, sessions, nats, limits=limits).run())
    for epoch in range(1, 4):
        position = 0
        while position < head:
            last = min(head, position + chance.choice((1, 2, 9, 40)))
            rows = await store.read_rows(position + 1, last)
            if chance.random() < 0.8:
                payload = encode_batch(log.log_id(), epoch, rows)
                await stream.publish(payload, message_id(log.log_id(), epoch, rows))
            position = last if chance.random() < 0.7 else max(position, last - 2)
    await until(lambda: every_view_is_at(log, head))
    await assert_a_rebuild_finds_no_difference(store, sessions, nats)


async def test_what_teams_feed_is_what_a_rebuild_finds(
    store: PostgresEventStore,
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
) -> None:
    work = Membership(13, projects=10)
    run(Relay(store, sessions, nats, owner="test").run())
    limits = ProjectorLimits(batch_events=17, kept=RowLimits(15, 10**9))
    run(Projector(VIEWS, store, sessions, nats, limits=limits).run())
    wake = CommitWaker(nats, log.log_id())
    for commit in itertools.chain(work.beginning(), work.changes(300)):
        wake((await store.append(commit)).position)
    head = await store.head()
    await until(lambda: every_view_is_at(log, head))
    assert log.ask("SELECT * FROM ops.dead_letters") == []
    await assert_a_rebuild_finds_no_difference(store, sessions, nats)
