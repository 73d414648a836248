"""What feeds say of workspaces, their members, teams and templates."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.template.events import (
    TemplateCreated,
    TemplateDeleted,
    TemplateEmptied,
    TemplateRenamed,
    TemplateRestored,
)
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceClosed,
    WorkspaceCreated,
    WorkspaceImported,
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
    WorkspaceTasksHandedOver,
    WorkspaceTransferred,
)
from projections.people import NameMark, name_of, named

from .entries import (
    Change,
    Said,
    Says,
    member,
    member_added,
    member_changed,
    member_removed,
    owner_changed,
    says,
    says_only,
)

ACTIONS = (
    "workspace_created",
    "workspace_renamed",
    "template_created",
    "template_changed",
    "template_deleted",
    "template_restored",
    "member_added",
    "member_role_changed",
    "member_removed",
    "member_invited",
    "invitation_renewed",
    "invitation_revoked",
    "invitation_accepted",
    "member_suspended",
    "member_reactivated",
    "tasks_handed_over",
    "workspace_closed",
    "workspace_reopened",
    "workspace_imported",
    "service_account_added",
    "ownership_transferred",
    "team_created",
    "team_renamed",
    "team_deleted",
    "team_member_added",
    "team_member_removed",
)


class TeamMember(msgspec.Struct, frozen=True):
    """Who came into, was in or no longer is in a team."""

    user_id: str
    name: NameMark
    team_id: str


class Invited(msgspec.Struct, frozen=True):
    """An invitation, without the address that it went to."""

    invitation_id: str
    role: str


def _team_member(event: TeamMemberAdded | TeamMemberRemoved) -> TeamMember:
    return TeamMember(event.user_id, name_of(event.user_id), event.team_id)


def _team_member_added(event: TeamMemberAdded) -> Sequence[Said]:
    return (Said("team_member_added", Change("member", None, _team_member(event))),)


def _team_member_removed(event: TeamMemberRemoved) -> Sequence[Said]:
    return (Said("team_member_removed", Change("member", _team_member(event), None)),)


def _invitation(action: str, *, had: bool = False, has: bool = False) -> Says:
    """The address is nobody's business here: only those who invite may see it."""

    def say(event: Any) -> Sequence[Said]:
        said = Invited(event.invitation_id, event.role)
        return (Said(action, Change("invitation", said if had else None, said if has else None)),)

    return say


def _suspended(action: str, suspended: bool) -> Says:
    def say(event: Any) -> Sequence[Said]:
        who = member(event.user_id, event.role)
        before, after = (who, None) if suspended else (None, who)
        return (Said(action, Change("member", before, after)),)

    return say


def _handed_over(event: WorkspaceTasksHandedOver) -> Sequence[Said]:
    change = Change("assignee", named(event.user_id), named(event.to))
    return (Said("tasks_handed_over", change),)


def _closed(action: str, closed: bool) -> Says:
    said = (Said(action, Change("closed", not closed, closed)),)
    return lambda event: said


EVENTS: Mapping[type, Says] = {
    WorkspaceCreated: says("workspace_created", "name", None, "name"),
    # What templates are called is for those who may make projects; the feed is for guests too.
    TemplateCreated: says_only("template_created"),
    TemplateRenamed: says_only("template_changed"),
    TemplateEmptied: says_only("template_changed"),
    TemplateDeleted: says_only("template_deleted"),
    TemplateRestored: says_only("template_restored"),
    WorkspaceRenamed: says("workspace_renamed", "name", "was", "name"),
    WorkspaceMemberAdded: member_added("member_added"),
    ServiceAccountAdded: member_added("service_account_added"),
    WorkspaceMemberRoleChanged: member_changed("member_role_changed"),
    WorkspaceMemberRemoved: member_removed("member_removed"),
    WorkspaceMemberInvited: _invitation("member_invited", has=True),
    WorkspaceInvitationRenewed: _invitation("invitation_renewed", had=True, has=True),
    WorkspaceInvitationRevoked: _invitation("invitation_revoked", had=True),
    WorkspaceInvitationAccepted: _invitation("invitation_accepted", had=True),
    WorkspaceMemberSuspended: _suspended("member_suspended", True),
    WorkspaceMemberReactivated: _suspended("member_reactivated", False),
    WorkspaceTasksHandedOver: _handed_over,
    WorkspaceClosed: _closed("workspace_closed", True),
    WorkspaceReopened: _closed("workspace_reopened", False),
    WorkspaceImported: says_only("workspace_imported"),
    WorkspaceTransferred: owner_changed("ownership_transferred"),
    TeamCreated: says("team_created", "team", None, "name"),
    TeamRenamed: says("team_renamed", "team", "was", "name"),
    TeamDeleted: says("team_deleted", "team", "was", None),
    TeamMemberAdded: _team_member_added,
    TeamMemberRemoved: _team_member_removed,
}
