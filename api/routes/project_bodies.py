"""Bodies about projects: their fields, members, workflow, columns and custom fields."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema

from api.http.bodies import Body
from api.http.values import Description, Name, Reference
from commands.project.change_columns import ChangeColumns
from commands.project.change_fields import ChangeFields
from commands.project.change_retention import ChangeRetention
from commands.project.change_types import ChangeTypes
from commands.project.change_workflow import ChangeWorkflow
from commands.project.create_project import CreateProject
from domain.project.board import ColumnDraft
from domain.project.fields import FieldDraft
from domain.project.lanes import Swimlane
from domain.project.types import TaskType
from domain.project.workflow import Guard, Status, Transition

ViewType = Literal["list", "board", "timeline"]
ProjectRole = Literal["admin", "member", "viewer"]
Category = Literal["todo", "in_progress", "done", "cancelled"]


def _guard(value: Any) -> Guard:
    if isinstance(value, str):
        return Guard(name=value)
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise ValueError("a guard is its name, or an object with its name and its parameters")
    parameters = {name: each for name, each in value.items() if name != "name"}
    return Guard(name=value["name"], parameters=parameters)


GuardGiven = Annotated[
    Guard,
    PlainValidator(_guard),
    WithJsonSchema(
        {
            "description": "A guard's name, or an object with its name and its parameters.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}},
                },
            ],
        }
    ),
]


TeamIds = Annotated[list[Reference], Field(max_length=1_000)]


class SettingsBody(Body):
    """How a project is shown, kept for its clients; null gives a setting up."""

    colour: Annotated[str, Field(description="# and six hexadecimal digits.")] | None = None
    estimate_unit: Literal["points", "hours", "days"] | None = None
    week_starts_on: Literal["monday", "saturday", "sunday"] | None = None

    def given(self) -> dict[str, object]:
        return self.model_dump(exclude_unset=True)


class NewProject(Body):
    """Without a key one is made from the name; without a workspace it goes to your own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Website", "key": "WEB", "view_type": "board"}]}
    )

    derived: ClassVar[frozenset[str]] = frozenset({"types"})

    name: Name
    key: Annotated[str, Field(description="2 to 10 of A-Z and 0-9.")] | None = None
    description: Description | None = None
    view_type: ViewType | None = None
    is_private: bool = False
    workspace_id: Reference | None = None
    owner_id: Reference | None = None
    project_id: Annotated[Reference, Field(description="A fresh one of your own.")] | None = None
    team_ids: TeamIds | None = None
    settings: SettingsBody | None = None

    def command(self) -> CreateProject:
        return CreateProject(
            name=self.name,
            key=self.key,
            description=self.description,
            view_type=self.view_type,
            is_private=self.is_private,
            workspace_id=self.workspace_id,
            owner_id=self.owner_id,
            project_id=self.project_id,
            team_ids=tuple(self.team_ids or ()),
            settings=None if self.settings is None else self.settings.given(),
        )


class ProjectChanges(Body):
    """Teams that are named anew are members; `settings` changes those that it names."""

    derived: ClassVar[frozenset[str]] = frozenset(
        {"owner", "types", "updated_at", "version", "position"}
    )
    identity: ClassVar[frozenset[str]] = frozenset(
        {"archived", "id", "project_id", "key", "workspace_id", "is_personal", "created_at"}
    )

    name: Name = ""
    description: Description | None = None
    view_type: ViewType = "board"
    is_private: bool = False
    owner_id: Reference = ""
    team_ids: TeamIds = []  # noqa: RUF012 - pydantic copies it
    settings: SettingsBody | None = None


class NewProjectMember(Body):
    """Anybody of the workspace, by their id or their exact e-mail address, or one of its teams."""

    user_id: Reference | None = None
    email: Reference | None = None
    team_id: Reference | None = None
    role: ProjectRole = "member"


class ProjectRoleChange(Body):
    derived: ClassVar[frozenset[str]] = frozenset({"id", "user_id", "team_id", "name", "joined_at"})

    role: ProjectRole


class StatusBody(Body):
    key: Reference
    name: Name
    category: Category
    colour: str | None = None


class TransitionBody(Body):
    source: Annotated[Reference, Field(alias="from")]
    to: Reference
    guards: list[GuardGiven] | None = None


class WorkflowBody(Body):
    """Wherever a status is named, by its key or its exact name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "initial": "new",
                    "statuses": [
                        {"key": "new", "name": "New", "category": "todo"},
                        {"key": "shipped", "name": "Shipped", "category": "done"},
                    ],
                    "transitions": [{"from": "new", "to": "shipped"}],
                    "move_to": {"todo": "new"},
                }
            ]
        }
    )

    derived: ClassVar[frozenset[str]] = frozenset({"id", "project_id", "version"})

    initial: Reference
    statuses: list[StatusBody]
    transitions: list[TransitionBody] | None = None
    any_move: bool | None = None
    move_to: Annotated[
        dict[str, str], Field(description="Status that goes: the one that its tasks get.")
    ] | None = None  # fmt: skip

    def command(self, project_id: str) -> ChangeWorkflow:
        return ChangeWorkflow(
            project_id=project_id,
            initial=self.initial,
            statuses=tuple(
                Status(
                    key=status.key,
                    name=status.name,
                    category=status.category,
                    colour=status.colour,
                )
                for status in self.statuses
            ),
            transitions=tuple(
                Transition(source=each.source, target=each.to, guards=tuple(each.guards or ()))
                for each in self.transitions or ()
            ),
            any_move=self.any_move,
            move_to=self.move_to or {},
        )


class ColumnBody(Body):
    derived: ClassVar[frozenset[str]] = frozenset({"id"})

    column_id: Reference | None = None
    name: Name
    statuses: list[Reference]
    wip_limit: Annotated[
        int, Field(description="How many cards may stand here; who are more already may stay.")
    ] | None = None  # fmt: skip
    lane_wip_limit: Annotated[
        int, Field(description="The same for each lane of the column, that of none included.")
    ] | None = None  # fmt: skip


class ColumnsBody(Body):
    """All columns, in order; every status stands in exactly one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "columns": [
                        {"name": "Open", "statuses": ["new"]},
                        {"name": "Closed", "statuses": ["shipped"], "wip_limit": 20},
                    ],
                    "swimlane": "assignee",
                }
            ]
        }
    )

    derived: ClassVar[frozenset[str]] = frozenset({"project_id", "version"})

    columns: list[ColumnBody]
    swimlane: Annotated[
        Swimlane, Field(description="By what the lanes are told apart that `lane_wip_limit` is of.")
    ] | None = None  # fmt: skip

    def command(self, project_id: str) -> ChangeColumns:
        return ChangeColumns(
            project_id=project_id,
            swimlane=self.swimlane,
            columns=tuple(
                ColumnDraft(
                    column_id=column.column_id,
                    name=column.name,
                    statuses=tuple(column.statuses),
                    wip_limit=column.wip_limit,
                    lane_wip_limit=column.lane_wip_limit,
                )
                for column in self.columns
            ),
        )


class FieldBody(Body):
    derived: ClassVar[frozenset[str]] = frozenset({"id"})

    field_id: Reference | None = None
    key: Reference
    name: Name
    type: Literal["text", "number", "date", "choice", "choices", "user", "checkbox", "url"]
    options: list[Reference] | None = None
    option_names: Annotated[
        dict[str, str],
        Field(description="Option: what it is called, where that is another word."),
    ] | None = None  # fmt: skip
    default: Annotated[
        Any, Field(description="What a new task gets that does not say; null: nothing.")
    ] = None
    required_at: Annotated[
        list[Reference],
        Field(description="Statuses (key or name) or categories in which it must have a value."),
    ] | None = None  # fmt: skip


class FieldsBody(Body):
    """All custom fields, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "fields": [
                        {
                            "key": "size",
                            "name": "Size",
                            "type": "choice",
                            "options": ["S", "L"],
                            "default": "S",
                            "required_at": ["done"],
                        }
                    ]
                }
            ]
        }
    )

    derived: ClassVar[frozenset[str]] = frozenset({"project_id", "version"})

    fields: list[FieldBody]

    def command(self, project_id: str) -> ChangeFields:
        return ChangeFields(
            project_id=project_id,
            fields=tuple(
                FieldDraft(
                    field_id=each.field_id,
                    key=each.key,
                    name=each.name,
                    type=each.type,
                    options=tuple(each.options or ()),
                    option_names=each.option_names or {},
                    default=each.default,
                    required_at=tuple(each.required_at or ()),
                )
                for each in self.fields
            ),
        )


class TypeBody(Body):
    key: Reference
    name: Name
    colour: str | None = None
    icon: Annotated[str, Field(description="A name or a sign, at most 64 characters.")] | None = (
        None
    )


class RetentionBody(Body):
    """For how many days what is in the trash is kept; null: until somebody purges it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"trash_days": 30}]})

    derived: ClassVar[frozenset[str]] = frozenset({"project_id", "version"})

    trash_days: Annotated[int, Field(ge=1)] | None

    def command(self, project_id: str) -> ChangeRetention:
        return ChangeRetention(project_id=project_id, trash_days=self.trash_days)


class TypesBody(Body):
    """All types, in order; the first is what a task gets for which none is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "types": [
                        {"key": "task", "name": "Task"},
                        {"key": "incident", "name": "Incident", "colour": "#d73a4a"},
                    ]
                }
            ]
        }
    )

    derived: ClassVar[frozenset[str]] = frozenset({"project_id", "version"})

    types: list[TypeBody]

    def command(self, project_id: str) -> ChangeTypes:
        return ChangeTypes(
            project_id=project_id,
            types=tuple(
                TaskType(key=each.key, name=each.name, colour=each.colour, icon=each.icon)
                for each in self.types
            ),
        )
