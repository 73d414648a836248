"""Which events the feed of changes tells, and of what kind: whatever does not stand here, never.

What people decide for themselves (watching, favourites), accounts, invitations and templates are
told to nobody. A dependency is told by both of its tasks, so its graph has nothing to add.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from domain.comment.events import CommentEvent
from domain.errors import invalid
from domain.labels.events import LabelEvent
from domain.project.events import ProjectEvent
from domain.reactions.events import ReactionEvent
from domain.recurrence.events import RecurrenceEvent
from domain.task.events import TaskEvent
from domain.user.keys import PROJECTS_READ, TASKS_READ
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
    WorkspaceMemberAdded,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceRenamed,
    WorkspaceReopened,
    WorkspaceTasksHandedOver,
    WorkspaceTransferred,
)
from infra.event_store.event_types import EVENT_TYPES, UPCASTERS

# One by one: a workspace's events are of many kinds, and a new one may be for admins alone.
_OF_WORKSPACES: Final = (
    WorkspaceCreated,
    WorkspaceRenamed,
    WorkspaceMemberAdded,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberRemoved,
    WorkspaceMemberSuspended,
    WorkspaceMemberReactivated,
    WorkspaceTasksHandedOver,
    WorkspaceTransferred,
    WorkspaceClosed,
    WorkspaceReopened,
    WorkspaceImported,
    ServiceAccountAdded,
    TeamCreated,
    TeamRenamed,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
)
# Who sees the task sees what happens to it; the same for projects. Guests see no more than that.
_BY_KIND: Final[tuple[tuple[str, str, Collection[type]], ...]] = (
    ("Tasks", TASKS_READ, get_args(TaskEvent)),
    ("Comments", TASKS_READ, (*get_args(CommentEvent), *get_args(ReactionEvent))),
    ("Series of recurring tasks", TASKS_READ, get_args(RecurrenceEvent)),
    ("Projects", PROJECTS_READ, get_args(ProjectEvent)),
    ("Labels", PROJECTS_READ, get_args(LabelEvent)),
    ("Workspaces", PROJECTS_READ, _OF_WORKSPACES),
)
KINDS: Final[Mapping[str, Collection[type]]] = {name: events for name, _, events in _BY_KIND}
SCOPE_OF: Final[Mapping[type, str]] = {
    event: scope for _, scope, events in _BY_KIND for event in events
}
NAMES: Final[Mapping[type, str]] = {
    each.event: each.name for each in EVENT_TYPES if each.event in SCOPE_OF
}
_CLASSES: Final = {name: event for event, name in NAMES.items()}
# `TaskCreated` is asked for whatever its version.
_PLAIN: Final = {name.partition(".")[0]: event for name, event in _CLASSES.items()}
_NEWEST: Final = {upcaster.name: upcaster.to for upcaster in UPCASTERS}
_KNOWN: Final = frozenset({*(each.name for each in EVENT_TYPES), *_NEWEST})


def is_known(stored: str) -> bool:
    """Whether this code can tell what an event of a stored type is."""
    return stored in _KNOWN


def class_of(stored: str) -> type | None:
    """What an event of a stored type is told as; None: it is not told."""
    while stored in _NEWEST:
        stored = _NEWEST[stored]
    return _CLASSES.get(stored)


def chosen(names: Collection[str], scopes: Collection[str] | None) -> frozenset[type]:
    """The events of these names, all where there is none, of which a key of these scopes may know
    (None: whoever is logged in). Raises Invalid for a name that there is not."""
    allowed = {each for each, scope in SCOPE_OF.items() if scopes is None or scope in scopes}
    if not names:
        return frozenset(allowed)
    wanted = set[Any]()
    for name in names:
        event = _CLASSES.get(name) or _PLAIN.get(name)
        if event is None:
            near = get_close_matches(name, [*_PLAIN, *_CLASSES], 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise invalid("/query/types", f"The feed has no type {name}.{hint}", "unknown")
        wanted.add(event)
    return frozenset(wanted & allowed)
