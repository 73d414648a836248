"""What can happen to a project, its members, its workflow, its board and its fields."""

from collections.abc import Mapping

from domain.project.board import Column
from domain.project.fields import FieldDefinition
from domain.project.types import DEFAULT_TYPES, TaskType
from domain.project.workflow import Workflow
from domain.values.frozen import dataclass
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCreated:
    key: str
    name: Text
    description: Text
    view_type: str
    is_private: bool
    owner_id: str
    workflow: Workflow
    columns: tuple[Column, ...]
    is_personal: bool = False
    types: tuple[TaskType, ...] = DEFAULT_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRenamed:
    name: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDescribed:
    description: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectViewTypeChanged:
    view_type: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPrivacyChanged:
    is_private: bool
    was: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectArchived:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUnarchived:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectMemberAdded:
    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectMemberRoleChanged:
    user_id: str
    role: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectMemberRemoved:
    user_id: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTeamAdded:
    team_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTeamRoleChanged:
    team_id: str
    role: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTeamRemoved:
    team_id: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOwnerChanged:
    owner_id: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettingsChanged:
    """Both hold the keys that changed, and None for one that has, or had, no value."""

    settings: Mapping[str, str | None]
    was: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectWorkflowChanged:
    """`columns` is the board as it stands after the change."""

    workflow: Workflow
    columns: tuple[Column, ...]
    was: Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectColumnsChanged:
    columns: tuple[Column, ...]
    was: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSwimlaneChanged:
    """By what lanes are told apart, each of which may have a limit in its column."""

    swimlane: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFieldsChanged:
    fields: tuple[FieldDefinition, ...]
    was: tuple[FieldDefinition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTypesChanged:
    types: tuple[TaskType, ...]
    was: tuple[TaskType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRetentionChanged:
    """For how many days what is in the trash is kept; None: until somebody purges it."""

    trash_days: int | None
    was: int | None


ProjectEvent = (
    ProjectCreated
    | ProjectRenamed
    | ProjectDescribed
    | ProjectViewTypeChanged
    | ProjectPrivacyChanged
    | ProjectArchived
    | ProjectUnarchived
    | ProjectMemberAdded
    | ProjectMemberRoleChanged
    | ProjectMemberRemoved
    | ProjectTeamAdded
    | ProjectTeamRoleChanged
    | ProjectTeamRemoved
    | ProjectOwnerChanged
    | ProjectSettingsChanged
    | ProjectWorkflowChanged
    | ProjectColumnsChanged
    | ProjectSwimlaneChanged
    | ProjectFieldsChanged
    | ProjectTypesChanged
    | ProjectRetentionChanged
)
