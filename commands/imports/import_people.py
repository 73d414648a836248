"""Bring in the people of a log: members of the workspace who have no log-in."""

from collections.abc import Mapping

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.user.decisions import import_person
from domain.user.events import PersonImported
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.workspace.events import WorkspaceMemberAdded
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE

# Like any member they can be assigned work and are shown; what a role lets one do needs a log-in.
ROLE = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPeople:
    """`people`: ids, made from the workspace and the name, to names; none of them exists yet.

    A person comes in and becomes a member once: whoever was taken out stays out.
    """

    workspace_id: str
    people: Mapping[str, str]
    source: str


async def import_people(command: ImportPeople, work: Work) -> str:
    for user_id, name in command.people.items():
        arrived = import_person(name=name, source=command.source, limits=work.limits)
        work.record(USER, SYSTEM_WORKSPACE, user_id, *arrived, subject=user_id)
        joined = WorkspaceMemberAdded(user_id=user_id, role=ROLE)
        work.record(WORKSPACE, command.workspace_id, command.workspace_id, joined)
    return command.workspace_id


IMPORT_PEOPLE = CommandSpec(
    command=ImportPeople,
    handler=import_people,
    events=(PersonImported, WorkspaceMemberAdded),
    route="taskledger import xes",
    inverse=NoInverse(
        "an import is the record of what happened elsewhere; remove the members instead."
    ),
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    writes=lambda command: command.workspace_id,
)
