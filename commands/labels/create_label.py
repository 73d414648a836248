"""Make a label before any task has it."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.errors import Kind, Refused
from domain.labels import decisions
from domain.labels.events import LabelCreated
from domain.labels.state import LABELS, labels_of
from domain.values.frozen import dataclass
from domain.values.ids import checked_id
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLabel:
    """`label_id` is a fresh one that the client made."""

    workspace_id: str
    name: str
    colour: str | None = None
    label_id: str | None = None


async def create_label(command: CreateLabel, work: Work) -> str:
    stream = labels_of(command.workspace_id)
    labels = await work.load(LABELS, stream)
    label_id = command.label_id
    if label_id is None:
        label_id = work.new_id("lbl")
    elif labels is not None and checked_id(label_id, "lbl", "/label_id") in labels.by_id:
        raise Refused(Kind.ALREADY_EXISTS, "There is a label with this id.", field="label_id")
    events = decisions.create(
        labels,
        label_id=checked_id(label_id, "lbl", "/label_id"),
        name=command.name,
        colour=command.colour,
        limits=work.limits,
    )
    work.record(LABELS, command.workspace_id, stream, *events)
    return stream


CREATE_LABEL = CommandSpec(
    command=CreateLabel,
    handler=create_label,
    permission=InWorkspace(Right.MANAGE_LABELS),
    events=(LabelCreated,),
    route="POST /workspaces/{id}/labels",
    inverse=BY_EVENTS,
    writes=lambda command: labels_of(command.workspace_id),
)
