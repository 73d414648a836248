"""A workspace as its events leave it: its name, and who belongs to it as what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.values.evolved import touched
from domain.values.stamp import Stamp
from domain.values.text import Text
from domain.workspace.events import (
    WorkspaceCreated,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceRenamed,
)


@dataclass(frozen=True, slots=True)
class Membership:
    """`position` is where in the log somebody came in; of a workspace or of a project."""

    role: str
    joined_at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`members`: user id -> membership. Its own workspace is itself. `name_author` is who wrote
    its present name."""

    workspace_id: str
    name: Text
    is_personal: bool
    owner_id: str
    members: Mapping[str, Membership]
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    name_author: str

    def role_of(self, user_id: str) -> str | None:
        member = self.members.get(user_id)
        return None if member is None else member.role


def evolve(state: Workspace | None, event: object, stamp: Stamp) -> Workspace | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case WorkspaceRenamed():
            return touched(state, stamp, name=event.name, name_author=stamp.author_of("name"))
        case WorkspaceMemberAdded():
            joined = Membership(event.role, stamp.at, stamp.position)
            return touched(state, stamp, members={**state.members, event.user_id: joined})
        case WorkspaceMemberRoleChanged():
            return touched(
                state, stamp, members=with_role(state.members, event.user_id, event.role, stamp)
            )
        case WorkspaceMemberRemoved():
            return touched(state, stamp, members=without(state.members, event.user_id))
        case _:
            return touched(state, stamp)


def with_role(
    members: Mapping[str, Membership], user_id: str, role: str, stamp: Stamp
) -> Mapping[str, Membership]:
    """The members after one got another role; a member since when they were one."""
    was = members.get(user_id) or Membership(role, stamp.at, stamp.position)
    return {**members, user_id: Membership(role, was.joined_at, was.position)}


def without(members: Mapping[str, Membership], user_id: str) -> Mapping[str, Membership]:
    return {each: member for each, member in members.items() if each != user_id}


def _begin(event: object, stamp: Stamp) -> Workspace | None:
    if not isinstance(event, WorkspaceCreated):
        return None
    return Workspace(
        workspace_id=stamp.stream,
        name=event.name,
        is_personal=event.is_personal,
        owner_id=event.owner_id,
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
)


def touches(state: Workspace | None, event: object, workspace_id: str) -> tuple[str, ...]:
    return (f"access:{workspace_id}",) if isinstance(event, _CHANGES_ACCESS) else ()


def authors(state: Workspace | None, event: object) -> Mapping[str, str]:
    if state is not None and isinstance(event, WorkspaceRenamed):
        return {"was": state.name_author}
    return {}


WORKSPACE = Aggregate("ws", evolve, touches, authors)
