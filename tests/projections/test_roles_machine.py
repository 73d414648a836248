"""Whatever happens to members, teams and projects: the view lets see what the domain lets do."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import Refused
from domain.project import decisions as projects
from domain.project import membership
from domain.project.state import PROJECT
from domain.values.ids import is_id
from domain.values.limits import Limits
from domain.workspace import comings
from domain.workspace import decisions as workspaces
from domain.workspace.roles import PROJECT_ROLES, WORKSPACE_ROLES, project_role
from domain.workspace.state import WORKSPACE, Membership
from projections.access import AccessSet, ProjectAccess
from projections.members import MEMBERS_VIEW
from projections.projects import PROJECTS_VIEW
from projections.workspace_members import team_ids_of
from tests.projections.history import History, made_id
from tests.projections.memory import MemoryRows, folded

WS = made_id("ws", 1)
PEOPLE = [made_id("user", number) for number in range(1, 5)]
TEAMS = [made_id("team", number) for number in range(1, 3)]
PROJECTS = [made_id("proj", number) for number in range(1, 3)]

people, teams, in_project = (st.sampled_from(each) for each in (PEOPLE, TEAMS, PROJECTS))
roles, project_roles = st.sampled_from(WORKSPACE_ROLES), st.sampled_from(PROJECT_ROLES)


def access_set(rows: MemoryRows, position: int) -> AccessSet:
    """As `MemberQueries.access` makes it from the same rows."""
    closed = rows.stored["workspaces"][(WS,)]["closed"]
    members = [
        row for row in rows.stored["members"].values() if not row["suspended"] and not closed
    ]
    named = list(rows.stored["project_members"].values())

    def in_it(project_id: str, kind: str) -> dict[str, Membership]:
        return {
            row["member_id"]: Membership(row["role"], row["joined_at"], row["joined"])
            for row in named
            if row["project_id"] == project_id and is_id(row["member_id"], kind)
        }

    return AccessSet(
        WS,
        position,
        {
            row["user_id"]: Membership(row["role"], row["joined_at"], row["joined"])
            for row in members
        },
        {
            row["project_id"]: ProjectAccess(
                row["is_private"],
                row["archived"],
                in_it(row["project_id"], "user"),
                in_it(row["project_id"], "team"),
            )
            for row in rows.stored["projects"].values()
        },
        {row["user_id"]: team_ids_of(row["team_ids"]) for row in members},
    )


class Roles(RuleBasedStateMachine):
    """Decisions as commands take them, each folded into the views as it comes."""

    @initialize()
    def begin(self) -> None:
        self.past = History()
        self.rows = {view.name: MemoryRows(view) for view in (MEMBERS_VIEW, PROJECTS_VIEW)}
        for number, _ in enumerate(PEOPLE, 1):
            self.past.user(number)
        self.past.workspace(1, PEOPLE[0])
        self.past.project(1, WS)
        self.past.project(2, WS, key="OPS", is_private=True, owner_id=PEOPLE[0])
        self.folded = 0
        self.follow()

    @property
    def workspace(self) -> Any:
        return WORKSPACE.fold((e.event, e.stamp) for e in self.past.events if e.stream == WS)

    def project(self, project_id: str) -> Any:
        events = ((e.event, e.stamp) for e in self.past.events if e.stream == project_id)
        return PROJECT.fold(events)

    def follow(self) -> None:
        new, self.folded = self.past.events[self.folded :], len(self.past.events)
        for rows in self.rows.values():
            rows.fold(new)

    def decide(self, stream: str, decision: Any, *args: Any) -> None:
        workspace = self.workspace
        if workspace.closed_at is not None and decision is not comings.reopen:
            return  # nobody is there to ask for it
        state = workspace if stream == WS else self.project(stream)
        try:
            events = decision(state, *args)
        except Refused:
            return
        for event in events:
            self.past.record(WS, stream, event)
        self.follow()

    @rule(user_id=people, role=roles, actor=people)
    def let_in(self, user_id: str, role: str, actor: str) -> None:
        self.decide(WS, workspaces.add_member, user_id, role, actor)

    @rule(user_id=people, role=roles, actor=people)
    def give_role(self, user_id: str, role: str, actor: str) -> None:
        self.decide(WS, workspaces.change_member_role, user_id, role, actor)

    @rule(user_id=people, actor=people)
    def put_out(self, user_id: str, actor: str) -> None:
        self.decide(WS, workspaces.remove_member, user_id, actor)

    @rule(user_id=people, actor=people)
    def suspend(self, user_id: str, actor: str) -> None:
        self.decide(WS, comings.suspend_member, user_id, actor)

    @rule(user_id=people, actor=people)
    def reactivate(self, user_id: str, actor: str) -> None:
        self.decide(WS, comings.reactivate_member, user_id, actor)

    @rule()
    def close(self) -> None:
        self.decide(WS, comings.close, str(self.workspace.name))

    @rule()
    def reopen(self) -> None:
        self.decide(WS, comings.reopen, self.past.events[-1].stamp.recorded_at, Limits())

    @rule(user_id=people, actor=people)
    def hand_over(self, user_id: str, actor: str) -> None:
        self.decide(WS, workspaces.transfer, user_id, actor)

    @rule(team_id=teams)
    def make_team(self, team_id: str) -> None:
        if not any(getattr(each.event, "team_id", None) == team_id for each in self.past.events):
            self.decide(WS, workspaces.create_team, team_id, team_id, Limits())

    @rule(team_id=teams)
    def delete_team(self, team_id: str) -> None:
        self.decide(WS, workspaces.delete_team, team_id)

    @rule(team_id=teams, user_id=people)
    def take_into_team(self, team_id: str, user_id: str) -> None:
        self.decide(WS, workspaces.add_team_member, team_id, user_id, Limits())

    @rule(team_id=teams, user_id=people)
    def take_out_of_team(self, team_id: str, user_id: str) -> None:
        self.decide(WS, workspaces.remove_team_member, team_id, user_id)

    @rule(project_id=in_project, user_id=people, role=project_roles)
    def name(self, project_id: str, user_id: str, role: str) -> None:
        self.decide(project_id, membership.add_member, self.workspace, user_id, role)

    @rule(project_id=in_project, user_id=people, role=project_roles)
    def name_as(self, project_id: str, user_id: str, role: str) -> None:
        self.decide(project_id, membership.change_member_role, self.workspace, user_id, role)

    @rule(project_id=in_project, user_id=people)
    def name_no_more(self, project_id: str, user_id: str) -> None:
        self.decide(project_id, membership.remove_member, user_id)

    @rule(project_id=in_project, team_id=teams, role=project_roles)
    def name_team(self, project_id: str, team_id: str, role: str) -> None:
        self.decide(project_id, membership.add_team, self.workspace, team_id, role)

    @rule(project_id=in_project, team_ids=st.lists(teams, max_size=2))
    def name_teams(self, project_id: str, team_ids: list[str]) -> None:
        self.decide(project_id, membership.change_teams, self.workspace, team_ids)

    @rule(project_id=in_project, is_private=st.booleans())
    def hide(self, project_id: str, is_private: bool) -> None:
        self.decide(project_id, projects.change_privacy, is_private)

    @rule(project_id=in_project, user_id=people)
    def give_project(self, project_id: str, user_id: str) -> None:
        self.decide(project_id, membership.change_owner, self.workspace, user_id)

    @invariant()
    def the_view_says_what_the_domain_says(self) -> None:
        workspace = self.workspace
        access = access_set(self.rows["members"], self.past.position)
        for project_id in PROJECTS:
            project = self.project(project_id)
            for user_id in PEOPLE:
                expected = project_role(workspace, project, user_id)
                assert access.project_role(user_id, project_id) == expected
                scope = access.scope(user_id)
                seen = project_id in scope.projects or (
                    bool(scope.workspaces) and project_id not in scope.hidden
                )
                assert seen == (expected is not None)
            shown = PROJECTS_VIEW.table("projects").row(
                *(
                    self.rows["projects"].stored["projects"][(project_id,)][each]
                    for each in PROJECTS_VIEW.table("projects").kept
                )
            )
            PROJECTS_VIEW.finish["projects"](shown)
            assert set(shown.project.teams) == set(membership.teams_in(project, workspace))

    @invariant()
    def somebody_owns_it(self) -> None:
        workspace = self.workspace
        if workspace.closed_at is not None:
            assert workspace.owners
            return
        owners = {each for each, member in workspace.members.items() if member.role == "owner"}
        assert owners == set(workspace.owners) != set()

    @invariant()
    def who_is_in_a_team_is_in_the_workspace(self) -> None:
        workspace = self.workspace
        stored = self.rows["members"].stored["teams"]
        assert {team_id for (team_id,) in stored} == set(workspace.teams)
        for team_id, team in workspace.teams.items():
            away = workspace.suspended.keys() | workspace.parted.keys()
            assert team.members.keys() <= workspace.members.keys() | away
            assert stored[(team_id,)]["size"] == len(team.members)

    def teardown(self) -> None:
        for view in (MEMBERS_VIEW, PROJECTS_VIEW):
            assert folded(view, [self.past.events]).stored == self.rows[view.name].stored


TestRoles = Roles.TestCase
TestRoles.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
