"""Members: workspaces, their teams, who belongs to them and to their projects as what, and the
directory of people, as one view."""

from collections.abc import Iterable
from typing import Any

from domain.project.events import (
    ProjectArchived,
    ProjectCreated,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectPrivacyChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectUnarchived,
)
from domain.values.recorded import Recorded
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceCreated,
    WorkspaceInvitationAccepted,
    WorkspaceMemberAdded,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceTransferred,
)

from .profiles import PEOPLE, PERSON_EVENTS, finish_person, person_changed
from .project_members import (
    PROJECT_MEMBERS,
    PROJECTS,
    finish_project_member,
    project_changed,
    project_created,
    project_member_added,
    project_member_removed,
    project_member_role_changed,
    project_team_added,
    project_team_removed,
    project_team_role_changed,
)
from .projection import Projection
from .teams import (
    TEAMS,
    finish_team,
    named_as_team,
    team_created,
    team_deleted,
    team_member_added,
    team_member_removed,
    team_renamed,
)
from .workspace_members import (
    MEMBERS,
    finish_member,
    invitation_accepted,
    member_added,
    member_removed,
    member_role_changed,
    member_rows,
    member_suspended,
    teams_of_workspace,
    transferred,
    workspace_created,
)
from .workspaces import WORKSPACE_EVENTS, WORKSPACES, finish_workspace, workspace_changed


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event, stream = recorded.event, recorded.stamp.stream
    match event:
        case WorkspaceCreated():
            return (("workspaces", stream), ("people", event.owner_id))
        case WorkspaceInvitationAccepted():
            return (("workspaces", stream), ("people", event.user_id))
        case _ if type(event) in WORKSPACE_EVENTS:
            return (("workspaces", stream),)
        case WorkspaceMemberAdded() | ServiceAccountAdded():
            return (("workspaces", stream), ("people", event.user_id))
        case WorkspaceMemberRemoved() | WorkspaceMemberSuspended() | WorkspaceMemberReactivated():
            return (("workspaces", stream), *member_rows(stream, event.user_id))
        case WorkspaceTransferred():
            people = (event.owner_id, event.stepped_down or event.owner_id)
            return (("workspaces", stream), *member_rows(stream, *people))
        case TeamCreated() | TeamRenamed():
            return (("workspaces", stream), ("teams", event.team_id))
        case TeamDeleted():
            return (("workspaces", stream), *member_rows(stream, *event.members))
        case TeamMemberAdded() | TeamMemberRemoved():
            place = (("workspaces", stream), ("teams", event.team_id))
            return (*place, *member_rows(stream, event.user_id))
        case WorkspaceMemberRoleChanged():
            return (
                ("workspaces", stream),
                ("members", stream, event.user_id),
                ("people", event.user_id),
            )
        case ProjectMemberRoleChanged():
            return (("project_members", stream, event.user_id),)
        case ProjectTeamAdded():
            return (("teams", event.team_id),)
        case ProjectTeamRoleChanged():
            return (("project_members", stream, event.team_id),)
        case ProjectPrivacyChanged() | ProjectArchived() | ProjectUnarchived():
            return (("projects", stream),)
        case _ if type(event) in PERSON_EVENTS:
            return (("people", stream),)
        case _:
            return ()


MEMBERS_VIEW = Projection(
    name="members",
    version=5,
    tables=(WORKSPACES, MEMBERS, TEAMS, PROJECTS, PROJECT_MEMBERS, PEOPLE),
    folds={
        WorkspaceCreated: workspace_created,
        **dict.fromkeys(WORKSPACE_EVENTS, workspace_changed),
        WorkspaceInvitationAccepted: invitation_accepted,
        WorkspaceMemberSuspended: member_suspended,
        WorkspaceMemberReactivated: member_suspended,
        WorkspaceMemberAdded: member_added,
        ServiceAccountAdded: member_added,
        WorkspaceMemberRoleChanged: member_role_changed,
        WorkspaceMemberRemoved: member_removed,
        WorkspaceTransferred: transferred,
        TeamCreated: team_created,
        TeamRenamed: team_renamed,
        TeamDeleted: team_deleted,
        TeamMemberAdded: team_member_added,
        TeamMemberRemoved: team_member_removed,
        ProjectCreated: project_created,
        ProjectPrivacyChanged: project_changed,
        ProjectArchived: project_changed,
        ProjectUnarchived: project_changed,
        ProjectMemberAdded: project_member_added,
        ProjectMemberRoleChanged: project_member_role_changed,
        ProjectMemberRemoved: project_member_removed,
        ProjectTeamAdded: project_team_added,
        ProjectTeamRoleChanged: project_team_role_changed,
        ProjectTeamRemoved: project_team_removed,
        **dict.fromkeys(PERSON_EVENTS, person_changed),
    },
    reads=_reads,
    scans={
        TeamRenamed: named_as_team,
        TeamDeleted: named_as_team,
        WorkspaceMemberRemoved: teams_of_workspace,
    },
    finish={
        "workspaces": finish_workspace,
        "members": finish_member,
        "teams": finish_team,
        "project_members": finish_project_member,
        "people": finish_person,
    },
)
