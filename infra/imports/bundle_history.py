"""What a bundle's events make of their workspace, as far as an import has to know it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from commands.commit import Claim
from commands.custody.places import DUE_SCOPE
from domain.aggregates import AGGREGATES
from domain.custody.state import CUSTODY, Custody, ErasureState, custody_of
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.labels.state import LABELS
from domain.ledger.state import LEDGER
from domain.preferences.state import PREFERENCES
from domain.project.events import ProjectCreated
from domain.project.state import key_scope
from domain.review.state import REVIEWS
from domain.task.events import TaskCreated
from domain.user.state import USER
from domain.values.ids import beside, is_id, kind_of
from domain.values.recorded import Recorded
from domain.workspace.state import WORKSPACE, Workspace
from infra.imports.bundle_file import NotImportable

_ELSEWHERE: Final = frozenset({USER.kind, LEDGER.kind, PREFERENCES.kind})
_ONE_OF_ITS_OWN: Final = frozenset(
    each.kind for each in (WORKSPACE, CUSTODY, DEPENDENCY_GRAPH, LABELS, REVIEWS)
)
_APPROVED: Final = (ErasureState.APPROVED, ErasureState.CARRIED_OUT)


@dataclass(slots=True)
class History:
    """`people`: who did anything or belonged to it. `keys`: of its projects, each with its
    project."""

    workspace_id: str
    tasks: int = 0
    events: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    last_recorded_at: int = 0
    _workspace: Workspace | None = None
    _custody: Custody | None = None

    def follow(self, recorded: Sequence[Recorded]) -> None:
        """The next events. Raises NotImportable for one that nothing here may hold."""
        for each in recorded:
            self._require_own(each.stream)
            event, stamp = each.event, each.stamp
            self.events += 1
            self._note(stamp.actor, stamp.author, *(stamp.authors or {}).values())
            if isinstance(event, TaskCreated):
                self.tasks += 1
            elif isinstance(event, ProjectCreated):
                if self.keys.setdefault(event.key, each.stream) != each.stream:
                    raise NotImportable(f"Two projects in it have the key {event.key}.")
            elif each.stream == self.workspace_id:
                self._workspace = WORKSPACE.evolve(self._workspace, event, stamp)
                self._note(getattr(event, "user_id", None), getattr(event, "owner_id", None))
            elif each.stream == custody_of(self.workspace_id):
                self._custody = CUSTODY.evolve(self._custody, event, stamp)

    @property
    def workspace(self) -> Workspace:
        """As it ended there. Raises NotImportable for one that cannot go on here."""
        workspace = self._workspace
        if workspace is None:
            raise NotImportable("It does not say how the workspace began.")
        if workspace.closed_at is not None:
            raise NotImportable(
                "The workspace was closed: have its owner reopen it there, and export it again."
            )
        return workspace

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The keys of its projects; and whoever was to be forgotten there is forgotten here too."""
        scope = key_scope(self.workspace_id)
        erasures = () if self._custody is None else self._custody.erasures.values()
        return (
            *(Claim(scope, key, "key", project) for key, project in self.keys.items()),
            *(
                Claim(DUE_SCOPE, each.erasure_id, "erasure_id", custody_of(self.workspace_id))
                for each in erasures
                if each.stage in _APPROVED
            ),
        )

    def _note(self, *who: str | None) -> None:
        self.people.update(each for each in who if each is not None and is_id(each, USER.kind))

    def _require_own(self, stream: str) -> None:
        kind = kind_of(stream)
        if (
            kind not in AGGREGATES
            or kind in _ELSEWHERE
            or (kind in _ONE_OF_ITS_OWN and stream != beside(kind, self.workspace_id))
        ):
            raise NotImportable(f"It has events of {stream[:60]!r}, which is not the workspace's.")
