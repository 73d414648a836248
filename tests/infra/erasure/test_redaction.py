"""What is taken out of the rows of a view is what a rebuild would leave out, and no more."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.work import Work
from commands.commit import Commit
from domain.comment.events import CommentAdded, CommentEdited
from domain.project.events import ProjectDescribed, ProjectRenamed
from domain.saved_view.events import SavedViewCreated
from domain.task.events import TaskFieldsChanged, TaskRecordImported, TaskRetitled
from domain.template.events import TemplateCreated
from domain.user.events import UserRenamed
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Origin
from domain.workspace.events import WorkspaceMemberAdded, WorkspaceRenamed
from infra.erasure.redaction import Redaction
from infra.erasure.traces import Traces
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.keys.destruction import DestroyedKeys, destroy_keys
from infra.postgres.pool import Connection
from infra.postgres.views.ddl import relation
from infra.processes import generations
from infra.processes.rebuild import Rebuild
from infra.processes.sessions import Sessions
from projections.registry import VIEWS
from projections.search import SEARCH_VIEW
from tests.real import Database

# A word that nobody else has written, in a title that somebody else has written anew since.
RARE = "quagmire"


class Day(Work):
    """With all that one person may write, who is in every workspace and made none of them."""

    @property
    def who(self) -> str:
        return self._users[7]

    def joining(self) -> Iterator[Commit]:
        for workspace, user in itertools.product(self._workspaces, self._users[:12]):
            yield self._commit(
                user, workspace, workspace, WorkspaceMemberAdded(user_id=user, role="member")
            )

    def written(self) -> Iterator[Commit]:
        who, other = self.who, self._users[2]
        project, _, home = self._projects[0]
        task, of, workspace, _ = self._tasks[0]
        comment = new_id("cmt")
        said = CommentAdded(task_id=task, project_id=of, text="Mine", mentions=(other,))
        after = CommentEdited(
            task_id=task, project_id=of, text="Theirs", mentions=(), was="Mine", was_mentions=()
        )
        record = TaskRecordImported(
            source="file",
            ordinal=1,
            status="open",
            was=None,
            activity=None,
            lifecycle=None,
            resource_id=who,
            resource="Person 7",
            attributes={"note": "hers", "count": 3},
        )
        yield self._commit(
            who,
            SYSTEM_WORKSPACE,
            who,
            UserRenamed(name="Bea", was="Person 7"),
        )
        yield self._commit(who, home, project, ProjectRenamed(name="Of Bea", was="Project P0"))
        yield self._commit(other, home, project, ProjectDescribed(description="By another"))
        yield self._commit(who, home, home, WorkspaceRenamed(name="Bea's", was="Workspace 0"))
        yield self._commit(who, workspace, task, TaskRetitled(title=f"The {RARE}", was=""))
        yield self._commit(other, workspace, task, TaskRetitled(title="Plain", was=f"The {RARE}"))
        yield self._commit(who, workspace, task, TaskFieldsChanged(fields={"a": "b"}, was={}))
        yield self._commit(who, workspace, comment, said)
        yield self._commit(other, workspace, comment, after, authors={"was": who})
        yield self._commit(other, workspace, task, record, subject=who)
        view = SavedViewCreated(name="Hers", query="title ~ hers", filters={"q": ("hers",)})
        yield self._commit(who, home, new_id("view"), view)
        template = TemplateCreated(name="Hers", description="Her way")
        yield self._commit(who, home, new_id("tmpl"), template)

    def _commit(
        self,
        actor: str,
        workspace: str,
        stream: str,
        event: object,
        draws: str | None = None,
        subject: str | None = None,
        authors: Mapping[str, str] | None = None,
    ) -> Commit:
        """Each from an address, with a reason."""
        made = super()._commit(actor, workspace, stream, event, draws)
        (new,) = made.events
        about = replace(new, subject=subject or actor, authors=authors or {})
        origin = Origin(actor, ip="192.0.2.7", reason=f"because {actor}")
        return replace(made, origin=origin, events=(about,))


async def test_redacted_rows_are_those_of_a_rebuild(
    store: PostgresEventStore, database: Database, tmp_path: Path
) -> None:
    sessions = Sessions(database.worker_url)
    day = Day(7, projects=8, below_of_ten=3)
    commits = itertools.chain(day.beginning(), day.joining(), day.someday(250))
    for commit in (*commits, *day.written(), *day.someday(150)):
        await store.append(commit)
    head = await store.head()
    for view in VIEWS:
        await Rebuild(view, store, sessions).run()
    async with sessions.open("test") as session:
        begun = (await generations.standings(session))[0].created_at
        await destroy_keys(session, day.who, DestroyedKeys(tmp_path / "destroyed"))
        store.ring.drop()
        traces = await Traces.find(session, begun, head)
        texts, addresses = traces.texts(store), traces.addresses(store)
        assert len(await texts.upto(session, head)) < 0.7 * head
        told = len(await addresses.upto(session, head))
        assert await addresses.fits(session, head, told)
        assert not await addresses.fits(session, head, told - 1)
        answering = {
            standing.generation.name: standing.generation
            for standing in await generations.standings(session)
            if standing.answers
        }
        assert await _knows(session, answering["search"])
        for view in VIEWS:
            if view.holds_text and not view.keyed_by_text:
                telling = addresses if view.addresses else texts
                generation = answering[view.name]
                redaction = Redaction(view, generation, traces, telling)
                assert (await redaction.run(sessions)).rows, view.name
        assert not await _knows(session, answering["search"])
        for standing in await generations.standings(session, ["tasks"]):
            assert standing.redacted_at is not None
    for view in (each for each in VIEWS if not each.keyed_by_text):
        outcome = await Rebuild(view, store, sessions).run(compare=True)
        assert outcome.comparison is not None
        # The vocabulary forgets whatever is in no text any more; a rebuild knows former ones.
        differences = [each for each in outcome.comparison.differences if each.table != "words"]
        assert differences == [], view.name


async def _knows(session: Connection, generation: generations.Generation) -> bool:
    words = relation(SEARCH_VIEW, SEARCH_VIEW.table("words"), generation.number)
    cursor = await session.execute(f"SELECT FROM {words} WHERE word = %s", (RARE,))
    return cursor.rowcount > 0
