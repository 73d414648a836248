"""Cases of projects."""

from typing import Any

from commands.project.add_member import AddProjectMember
from commands.project.add_team import AddProjectTeam
from commands.project.archive_project import ArchiveProject
from commands.project.change_columns import ChangeColumns
from commands.project.change_fields import ChangeFields
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.project.change_retention import ChangeRetention
from commands.project.change_team_role import ChangeProjectTeamRole
from commands.project.change_types import ChangeTypes
from commands.project.change_workflow import ChangeWorkflow
from commands.project.create_project import CreateProject
from commands.project.edit_project import EditProject
from commands.project.remove_member import RemoveProjectMember
from commands.project.remove_team import RemoveProjectTeam
from commands.project.unarchive_project import UnarchiveProject
from commands.project.undo_change import UndoProjectChange
from domain.project.board import ColumnDraft
from domain.project.fields import FieldDraft
from domain.project.types import TaskType
from domain.project.workflow import DEFAULT_WORKFLOW
from tests.commands.cases.table import MEMBERS, OVER_PROJECT, Cases
from tests.commands.cases.teams import team
from tests.commands.conftest import House

CASES = Cases()


def on_project(command: type, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        project = await house.project()
        if command is UnarchiveProject:
            await house.run(house.ann, ArchiveProject(project_id=project.project_id))
        if command in (ChangeProjectMemberRole, RemoveProjectMember):
            await house.run(
                house.ann,
                AddProjectMember(project_id=project.project_id, user_id=house.auditor),
            )
        if command in (AddProjectTeam, ChangeProjectTeamRole, RemoveProjectTeam):
            other["team_id"] = team_id = await team(house)
            if command is not AddProjectTeam:
                named = AddProjectTeam(project_id=project.project_id, team_id=team_id)
                await house.run(house.ann, named)
        given = {key: value(house) if callable(value) else value for key, value in other.items()}
        return command(project_id=project.project_id, **given)

    CASES[command] = (OVER_PROJECT, make)


@CASES.of(CreateProject, MEMBERS)
async def _create_project(house: House, actor: str) -> object:
    return CreateProject(name="Another", workspace_id=house.workspace_id)


on_project(EditProject, name="Shop")
on_project(ArchiveProject)
on_project(UnarchiveProject)
on_project(AddProjectMember, user_id=lambda house: house.bob, role="viewer")
on_project(ChangeProjectMemberRole, user_id=lambda house: house.auditor, role="viewer")
on_project(RemoveProjectMember, user_id=lambda house: house.auditor)
on_project(AddProjectTeam)
on_project(ChangeProjectTeamRole, role="viewer")
on_project(RemoveProjectTeam)
on_project(
    ChangeWorkflow,
    initial="todo",
    statuses=DEFAULT_WORKFLOW.statuses,
    transitions=DEFAULT_WORKFLOW.transitions[1:],
)
on_project(
    ChangeColumns,
    columns=(
        ColumnDraft(name="All", statuses=tuple(each.key for each in DEFAULT_WORKFLOW.statuses)),
    ),
)
on_project(ChangeFields, fields=(FieldDraft(key="size", name="Size", type="number"),))
on_project(ChangeTypes, types=(TaskType(key="wish", name="Wish"),))
on_project(ChangeRetention, trash_days=30)


@CASES.of(UndoProjectChange, OVER_PROJECT)
async def _undo_project_change(house: House, actor: str) -> object:
    project = await house.project()
    rename = EditProject(project_id=project.project_id, name="Another name")
    done = await house.run(house.ann, rename)
    return UndoProjectChange(project_id=project.project_id, position=done.position)
