"""A workspace as its events leave it: its name, who belongs to it as what, and its teams."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.aggregate import Aggregate
from domain.values.evolved import evolved, touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Text
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceClosed,
    WorkspaceCreated,
    WorkspaceInvitationAccepted,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceRenamed,
    WorkspaceReopened,
    WorkspaceTransferred,
)


@dataclass(frozen=True, slots=True)
class Membership:
    """`position` is where in the log somebody came in; of a workspace or of a project.
    `is_service`: a program of the workspace, not a person."""

    role: str
    joined_at: datetime
    position: int
    is_service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """`members`: user id -> when they came into it. `name_author` is who wrote its name."""

    team_id: str
    name: Text
    name_author: str
    members: Mapping[str, datetime]
    created_at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Waits for somebody who reads mail at `email`."""

    invitation_id: str
    email: Text
    role: str
    invited_by: str
    invited_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`members`: user id -> membership, and `owners` those of them who own it, the one who stands
    for it first. Its own workspace is itself. `name_author` is who wrote its present name.

    Whoever may do nothing here is not among `members`: the `suspended` ones, and while it is
    closed all of them, who are `parted` then."""

    workspace_id: str
    name: Text
    is_personal: bool
    owners: tuple[str, ...]
    members: Mapping[str, Membership]
    teams: Mapping[str, Team]
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    name_author: str
    suspended: Mapping[str, Membership] = field(default_factory=dict)
    invitations: Mapping[str, Invitation] = field(default_factory=dict)
    closed_at: datetime | None = None
    parted: Mapping[str, Membership] = field(default_factory=dict)

    @property
    def owner_id(self) -> str:
        return self.owners[0]

    def role_of(self, user_id: str) -> str | None:
        member = self.members.get(user_id)
        return None if member is None else member.role

    def is_closed_by(self, user_id: str) -> bool:
        """Whether it is closed, and they are an owner of it for all that."""
        member = self.parted.get(user_id)
        return member is not None and member.role == "owner"

    def teams_of(self, user_id: str) -> tuple[str, ...]:
        """The teams that somebody is in, the oldest first."""
        return tuple(each for each, team in self.teams.items() if user_id in team.members)


def evolve(state: Workspace | None, event: object, stamp: Stamp) -> Workspace | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case WorkspaceRenamed():
            return touched(state, stamp, name=event.name, name_author=stamp.author_of("name"))
        case WorkspaceMemberAdded() | ServiceAccountAdded():
            is_service = isinstance(event, ServiceAccountAdded)
            joined = Membership(event.role, stamp.at, stamp.position, is_service)
            return touched(
                state,
                stamp,
                members={**state.members, event.user_id: joined},
                owners=_owners(state, event.user_id, event.role),
            )
        case WorkspaceMemberRoleChanged():
            return touched(
                state,
                stamp,
                members=with_role(state.members, event.user_id, event.role, stamp),
                owners=_owners(state, event.user_id, event.role),
            )
        case WorkspaceMemberRemoved():
            return touched(
                state,
                stamp,
                members=without(state.members, event.user_id),
                suspended=without(state.suspended, event.user_id),
                owners=_owners(state, event.user_id, None),
                teams=_without_member(state.teams, event.user_id),
            )
        case WorkspaceTransferred():
            return _transferred(state, event, stamp)
        case WorkspaceMemberSuspended() | WorkspaceMemberReactivated():
            return _suspended(state, event, stamp)
        case WorkspaceClosed() if state.closed_at is None:
            return touched(state, stamp, closed_at=stamp.at, members={}, parted=state.members)
        case WorkspaceReopened() if state.closed_at is not None:
            return touched(state, stamp, closed_at=None, members=state.parted, parted={})
        case _:
            return touched(
                state,
                stamp,
                teams=_teams(state.teams, event, stamp),
                invitations=_invitations(state.invitations, event, stamp),
            )


def with_role(
    members: Mapping[str, Membership], user_id: str, role: str, stamp: Stamp
) -> Mapping[str, Membership]:
    """The members after one got another role; a member since when they were one."""
    was = members.get(user_id) or Membership(role, stamp.at, stamp.position)
    return {**members, user_id: evolved(was, role=role)}


def without(members: Mapping[str, Membership], user_id: str) -> Mapping[str, Membership]:
    return {each: member for each, member in members.items() if each != user_id}


def _owners(state: Workspace, user_id: str, role: str | None) -> tuple[str, ...]:
    """The owners after somebody has this role; an owner stays where they stand among them."""
    if role == "owner":
        return state.owners if user_id in state.owners else (*state.owners, user_id)
    left = tuple(each for each in state.owners if each != user_id)
    # A log that says otherwise was not decided here; somebody has to stand for the workspace.
    return left or state.owners


def _transferred(state: Workspace, event: WorkspaceTransferred, stamp: Stamp) -> Workspace:
    members = with_role(state.members, event.owner_id, "owner", stamp)
    if event.stepped_down is not None:
        members = with_role(members, event.stepped_down, "admin", stamp)
    gone = (event.owner_id, event.stepped_down)
    others = tuple(each for each in state.owners if each not in gone)
    return touched(state, stamp, members=members, owners=(event.owner_id, *others))


def _suspended(
    state: Workspace, event: WorkspaceMemberSuspended | WorkspaceMemberReactivated, stamp: Stamp
) -> Workspace:
    """They move between the members and the suspended, a member since when they were one."""
    is_back = isinstance(event, WorkspaceMemberReactivated)
    member = (state.suspended if is_back else state.members).get(event.user_id)
    if member is None:
        return touched(state, stamp)
    members, suspended = without(state.members, event.user_id), state.suspended
    suspended = without(suspended, event.user_id)
    if is_back:
        members = {**members, event.user_id: member}
    else:
        suspended = {**suspended, event.user_id: member}
    owners = _owners(state, event.user_id, member.role if is_back else None)
    return touched(state, stamp, members=members, suspended=suspended, owners=owners)


def _invitations(
    invitations: Mapping[str, Invitation], event: object, stamp: Stamp
) -> Mapping[str, Invitation]:
    """The invitations after an event about one of them, or about none. Where one is added, those
    that have expired are forgotten."""
    match event:
        case WorkspaceMemberInvited():
            made = Invitation(
                invitation_id=event.invitation_id,
                email=event.email,
                role=event.role,
                invited_by=stamp.actor,
                invited_at=stamp.at,
                expires_at=event.expires_at,
            )
            good = {key: each for key, each in invitations.items() if each.expires_at > stamp.at}
            return {**good, event.invitation_id: made}
        case WorkspaceInvitationRenewed() if event.invitation_id in invitations:
            renewed = evolved(invitations[event.invitation_id], expires_at=event.expires_at)
            return {**invitations, event.invitation_id: renewed}
        case WorkspaceInvitationRevoked() | WorkspaceInvitationAccepted():
            return {key: each for key, each in invitations.items() if key != event.invitation_id}
        case _:
            return invitations


def _teams(teams: Mapping[str, Team], event: object, stamp: Stamp) -> Mapping[str, Team]:
    """The teams after an event about one of them, or about none."""
    match event:
        case TeamCreated():
            made = Team(
                team_id=event.team_id,
                name=event.name,
                name_author=stamp.author_of("name"),
                members={},
                created_at=stamp.at,
                position=stamp.position,
            )
            return {**teams, event.team_id: made}
        case TeamDeleted():
            return {each: team for each, team in teams.items() if each != event.team_id}
        case TeamRenamed() if event.team_id in teams:
            author = stamp.author_of("name")
            team = evolved(teams[event.team_id], name=event.name, name_author=author)
        case TeamMemberAdded() if event.team_id in teams:
            team = teams[event.team_id]
            team = evolved(team, members={event.user_id: stamp.at, **team.members})
        case TeamMemberRemoved() if event.team_id in teams:
            team = _team_without(teams[event.team_id], event.user_id)
        case _:
            return teams
    return {**teams, event.team_id: team}


def _without_member(teams: Mapping[str, Team], user_id: str) -> Mapping[str, Team]:
    if not any(user_id in team.members for team in teams.values()):
        return teams
    return {each: _team_without(team, user_id) for each, team in teams.items()}


def _team_without(team: Team, user_id: str) -> Team:
    if user_id not in team.members:
        return team
    left = {each: since for each, since in team.members.items() if each != user_id}
    return evolved(team, members=left)


def _begin(event: object, stamp: Stamp) -> Workspace | None:
    if not isinstance(event, WorkspaceCreated):
        return None
    return Workspace(
        workspace_id=stamp.stream,
        name=event.name,
        is_personal=event.is_personal,
        owners=(event.owner_id,),
        teams={},
        members={event.owner_id: Membership("owner", stamp.at, stamp.position)},
        created_at=stamp.at,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
        name_author=stamp.author_of("name"),
    )


_CHANGES_ACCESS = (
    WorkspaceCreated,
    WorkspaceMemberAdded,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberRemoved,
    WorkspaceTransferred,
    ServiceAccountAdded,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    WorkspaceMemberSuspended,
    WorkspaceMemberReactivated,
    WorkspaceClosed,
    WorkspaceReopened,
)


def touches(state: Workspace | None, event: object, workspace_id: str) -> tuple[str, ...]:
    return (f"access:{workspace_id}",) if isinstance(event, _CHANGES_ACCESS) else ()


def authors(state: Workspace | None, event: object) -> Mapping[str, str]:
    if state is None:
        return {}
    match event:
        case WorkspaceRenamed():
            return {"was": state.name_author}
        case TeamRenamed() | TeamDeleted() if event.team_id in state.teams:
            return {"was": state.teams[event.team_id].name_author}
        case WorkspaceMemberInvited():
            return {"email": event.invitation_id}
        case _:
            return {}


WORKSPACE = Aggregate("ws", evolve, touches, authors)
