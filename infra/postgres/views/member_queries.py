"""Questions to the view of members: who may see what, who belongs where, and who somebody is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.workspace.state import Membership
from infra.postgres.pool import Pool
from projections.access import AccessSet, ProjectAccess
from projections.members import MEMBERS_VIEW
from projections.questions import Listing, Page
from projections.workspace_members import team_ids_of

from .cursors import CursorCodec, Int64
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader

_SYSTEM = (SYSTEM_WORKSPACE,)


@dataclass(frozen=True, slots=True)
class WorkspaceRead:
    """A workspace's answer, as `ProjectRead` for a project."""

    workspace_id: str
    version: int
    doc: bytes | None
    head_version: int
    access_position: int
    position: int

    @property
    def fresh(self) -> bool:
        return self.doc is not None and self.version >= self.head_version


@dataclass(frozen=True, slots=True)
class PersonRead:
    """A person: `doc` as others see them, `own` as they see themselves, both with the name
    written out; `roles`: what they are in each of their workspaces, `team_ids`: in which teams of
    it."""

    user_id: str
    version: int
    doc: bytes | None
    own: bytes | None
    roles: Mapping[str, str]
    team_ids: Mapping[str, Sequence[str]]
    head_version: int
    position: int

    @property
    def fresh(self) -> bool:
        return self.doc is not None and self.version >= self.head_version


_ACCESS = """
SELECT {position},
    (SELECT json_agg(json_build_array(
        m.user_id, m.role, m.joined_at, m.joined, m.is_service, m.team_ids))::text
        FROM {members_members} AS m WHERE m.workspace_id = k.p0 AND NOT m.suspended
        AND NOT EXISTS (SELECT FROM {members_workspaces} AS c
            WHERE c.workspace_id = k.p0 AND c.closed)),
    (SELECT json_agg(json_build_array(p.project_id, p.is_private, p.archived))::text
        FROM {members_projects} AS p WHERE p.workspace_id = k.p0),
    (SELECT json_agg(json_build_array(
        n.project_id, n.member_id, n.role, n.joined_at, n.joined))::text
        FROM {members_project_members} AS n WHERE n.workspace_id = k.p0)
"""

_WORKSPACE = """
SELECT h.workspace_id, t.version, t.doc, h.version, g.position, {position}
FROM (SELECT) AS one
LEFT JOIN log.stream_heads AS h ON h.stream = k.p0
LEFT JOIN {members_workspaces} AS t ON t.workspace_id = h.workspace_id
LEFT JOIN log.guards AS g ON g.name = 'access:' || k.p0
"""

_PERSON = """
SELECT t.version, t.doc, t.own, t.roles, t.teams, h.version, {position}
FROM (SELECT) AS one
LEFT JOIN log.stream_heads AS h ON h.stream = k.p0
LEFT JOIN {members_people} AS t ON t.user_id = k.p0
"""

_Members = msgspec.json.Decoder(list[tuple[str, str, datetime, int, bool, str]])
_Projects = msgspec.json.Decoder(list[tuple[str, bool, bool]])
_Named = msgspec.json.Decoder(list[tuple[str, str, str, datetime, int]])
_Roles = msgspec.msgpack.Decoder(dict[str, str])
_TeamIds = msgspec.msgpack.Decoder(dict[str, list[str]])

_WORKSPACE_ORDER = Order(
    (("t.created_at", "timestamptz"), ("t.workspace_id", "text")),
    False,
    CursorCodec("workspaces", datetime, str),
)
_MEMBER_ORDER = Order(
    (("t.joined", "bigint"), ("t.user_id", "text")), False, CursorCodec("members", Int64, str)
)
_TEAM_ORDER = Order(
    (("t.created", "bigint"), ("t.team_id", "text")), False, CursorCodec("teams", Int64, str)
)
_PROJECT_MEMBER_ORDER = Order(
    (("t.joined", "bigint"), ("t.member_id", "text")),
    False,
    CursorCodec("project-members", Int64, str),
)


class MemberQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, MEMBERS_VIEW)
        self._log_id = log_id

    async def access(self, workspace_id: str) -> AccessSet:
        """Who may do what in a workspace, whole; to be kept until the workspace's guard in the
        log is newer than its position."""
        question = Question(_ACCESS, ("text",), (workspace_id,), (workspace_id,))
        position, members, projects, named = await self._reader.ask(question)
        by_project: dict[str, dict[str, Membership]] = {}
        teams_of: dict[str, dict[str, Membership]] = {}
        for project_id, member_id, role, joined_at, joined in _Named.decode(named or "[]"):
            kept = teams_of if is_id(member_id, "team") else by_project
            kept.setdefault(project_id, {})[member_id] = Membership(role, joined_at, joined)
        people = _Members.decode(members or "[]")
        return AccessSet(
            workspace_id,
            position or 0,
            {
                user_id: Membership(role, joined_at, joined, is_service)
                for user_id, role, joined_at, joined, is_service, _ in people
            },
            {
                project_id: ProjectAccess(
                    is_private,
                    archived,
                    by_project.get(project_id, {}),
                    teams_of.get(project_id, {}),
                )
                for project_id, is_private, archived in _Projects.decode(projects or "[]")
            },
            {user_id: team_ids_of(teams) for user_id, *_, teams in people if teams},
        )

    async def workspace(self, workspace_id: str) -> WorkspaceRead | None:
        """A workspace, None where there is none. Who may see it is for the door to say."""
        question = Question(_WORKSPACE, ("text",), (workspace_id,), (workspace_id,))
        home, version, doc, head, access, position = await self._reader.ask(question)
        if home != workspace_id:
            return None
        return WorkspaceRead(workspace_id, version or 0, doc, head, access or 0, position or 0)

    async def workspaces(self, workspace_ids: Sequence[str], page: Page | None = None) -> Listing:
        """A page of these workspaces, the oldest first."""
        params = Parameters()
        query = ListQuery(
            table="{members_workspaces}",
            id_column="t.workspace_id",
            doc="t.doc",
            params=params,
            visible=f"t.workspace_id = ANY({params.add('text[]', workspace_ids)})",
            conditions=["t.doc IS NOT NULL"],
            order=_WORKSPACE_ORDER,
        )
        return await read_page(self._reader, self._log_id, workspace_ids, query, page or Page())

    async def members(self, workspace_id: str, page: Page | None = None) -> Listing:
        """A page of a workspace's members, the longest there first."""
        params = Parameters()
        query = ListQuery(
            table="{members_members}",
            id_column="t.user_id",
            doc="t.doc",
            params=params,
            visible=f"t.workspace_id = {params.add('text', workspace_id)}",
            conditions=[],
            order=_MEMBER_ORDER,
        )
        return await read_page(self._reader, self._log_id, (workspace_id,), query, page or Page())

    async def teams(self, workspace_id: str, page: Page | None = None) -> Listing:
        """A page of a workspace's teams, the oldest first."""
        params = Parameters()
        query = ListQuery(
            table="{members_teams}",
            id_column="t.team_id",
            doc="t.doc",
            params=params,
            visible=f"t.workspace_id = {params.add('text', workspace_id)}",
            conditions=[],
            order=_TEAM_ORDER,
        )
        return await read_page(self._reader, self._log_id, (workspace_id,), query, page or Page())

    async def project_members(
        self, workspace_id: str, project_id: str, page: Page | None = None
    ) -> Listing:
        """A page of the people and teams that a project names, the longest there first."""
        params = Parameters()
        query = ListQuery(
            table="{members_project_members}",
            id_column="t.member_id",
            doc="t.doc",
            params=params,
            visible=f"t.project_id = {params.add('text', project_id)}",
            conditions=[],
            order=_PROJECT_MEMBER_ORDER,
        )
        return await read_page(self._reader, self._log_id, (workspace_id,), query, page or Page())

    async def person(self, user_id: str) -> PersonRead | None:
        """Who somebody is, None where there is no such account. Whom one may ask about is for
        the door to say."""
        question = Question(_PERSON, ("text",), (user_id,), _SYSTEM)
        version, doc, own, roles, teams, head, position = await self._reader.ask(question)
        if head is None:
            return None
        return PersonRead(
            user_id=user_id,
            version=version or 0,
            doc=doc,
            own=own,
            roles={} if roles is None else _Roles.decode(roles),
            team_ids={} if teams is None else _TeamIds.decode(teams),
            head_version=head,
            position=position or 0,
        )
